# fish completion for gembal

function __gembal_keys
    gembal keys list --json 2>/dev/null | string match -ra '"(?:id|label)":"([^"]+)"' -g
end

complete -c gembal -f
complete -c gembal -l config -r -F -d 'Configuration file'
complete -c gembal -l store -r -F -d 'Key store'
complete -c gembal -l color -x -a 'auto always never' -d 'When to colour'
complete -c gembal -l json -d 'Print data as JSON'
complete -c gembal -s q -l quiet -d 'Say only what matters'
complete -c gembal -s v -l verbose -d 'Say more'
complete -c gembal -s h -l help -d 'Help'
complete -c gembal -n __fish_use_subcommand -l version -d 'The version'

complete -c gembal -n __fish_use_subcommand -a serve -d 'Offer the keys to clients until told to stop'
complete -c gembal -n __fish_use_subcommand -a keys -d 'Manage the API keys'
complete -c gembal -n __fish_use_subcommand -a chat -d 'Ask a model'
complete -c gembal -n __fish_use_subcommand -a config -d 'Look at the configuration'
complete -c gembal -n __fish_use_subcommand -a sandbox -d 'A stand-in for the Gemini API'

complete -c gembal -n '__fish_seen_subcommand_from serve' -l listen -x -d 'Listen there'
complete -c gembal -n '__fish_seen_subcommand_from serve' -l threads -x -d 'Event loops'
complete -c gembal -n '__fish_seen_subcommand_from serve' -l sandbox -d 'Answer from a stand-in for the API'

set -l keys_commands add check list why export import remove enable disable reset label
set -l names_keys '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from check remove enable disable reset label'
complete -c gembal -n "__fish_seen_subcommand_from keys; and not __fish_seen_subcommand_from $keys_commands" -a "$keys_commands"
complete -c gembal -n '__fish_seen_subcommand_from add' -l file -r -F -d 'Look in this file'
complete -c gembal -n '__fish_seen_subcommand_from add' -l env -x -d 'Look in this variable'
complete -c gembal -n '__fish_seen_subcommand_from add' -l label -x -d 'A name'
complete -c gembal -n '__fish_seen_subcommand_from add' -l project -x -d 'Whose quota they share'
complete -c gembal -n '__fish_seen_subcommand_from add' -l paid -d 'Of a paid tier'
complete -c gembal -n '__fish_seen_subcommand_from add' -l disabled -d 'Do not use them yet'
complete -c gembal -n '__fish_seen_subcommand_from add' -l exact -d 'Each line is a key'
complete -c gembal -n '__fish_seen_subcommand_from add' -l check -d 'Ask the API with each'
complete -c gembal -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from check list export remove enable disable reset' -l status -x -a 'ok cooling exhausted unsupported disabled' -d 'Only keys of this status'
complete -c gembal -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from list' -l sort -x -a 'id label project tier status failures requests tokens used' -d 'By column'
complete -c gembal -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from list' -l show -d 'Show the whole keys'
complete -c gembal -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from check' -l model -x -d 'Ask this model'
complete -c gembal -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from check' -l jobs -x -d 'So many at a time'
complete -c gembal -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from check' -l disable -d 'Disable the bad'
complete -c gembal -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from check' -l enable -d 'Enable those that work again'
complete -c gembal -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from why' -l model -x -d 'The model to ask about'
complete -c gembal -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from import' -F
complete -c gembal -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from label' -l project -x -d 'Whose quota it shares'
complete -c gembal -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from label' -l paid -d 'Of a paid tier'
complete -c gembal -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from label' -l free -d 'Of the free tier'
complete -c gembal -n "$names_keys" -a '(__gembal_keys)'

complete -c gembal -n '__fish_seen_subcommand_from chat' -s m -l model -x -d Model
complete -c gembal -n '__fish_seen_subcommand_from chat' -s s -l system -x -d 'System instruction'
complete -c gembal -n '__fish_seen_subcommand_from chat' -s t -l temperature -x -d 'From 0 to 2'
complete -c gembal -n '__fish_seen_subcommand_from chat' -l max-tokens -x -d 'Length at most'
complete -c gembal -n '__fish_seen_subcommand_from chat' -l no-stream -d 'Print the answer when it is whole'
complete -c gembal -n '__fish_seen_subcommand_from chat' -s u -l usage -d 'Say how many tokens it took'
complete -c gembal -n '__fish_seen_subcommand_from chat' -l dry-run -d 'Print the request'

set -l config_commands show check example path
complete -c gembal -n "__fish_seen_subcommand_from config; and not __fish_seen_subcommand_from $config_commands" -a "$config_commands"
complete -c gembal -n '__fish_seen_subcommand_from sandbox' -l listen -x -d 'Listen there'
complete -c gembal -n '__fish_seen_subcommand_from sandbox' -l scenario -r -F -d 'How it behaves'
