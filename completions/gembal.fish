# fish completion for gembal; made by 'gembal docs completions' from the command line itself.

# Whether the command line is at the command ARGV[2..], and, unless ARGV[1] is 'any', at this argument of it.
function __gembal_at
    set -l words (commandline -opc)
    set -l path
    set -l position 1
    set -l takes (__gembal_takes)
    set -e words[1]
    while set -q words[1]
        set -l word $words[1]
        set -e words[1]
        if test "$word" = --
            set position (math $position + (count $words))
            break
        else if string match -q -- '-*' $word
            contains -- $word $takes; and set -e words[1]
        else if contains -- (string join ' ' $path $word) $__gembal_paths
            set -a path $word
            set takes (__gembal_takes $path)
        else
            set position (math $position + 1)
        end
    end
    test "$path" = "$argv[2..]"; and contains -- $argv[1] any $position
end

# What 'gembal complete' knows: each with an explanation behind a tab.
function __gembal_ask
    set -l words (commandline -opc)
    set -l program (string replace -r '^~' $HOME -- $words[1])
    $program complete $argv[1] -- $words[2..] 2>/dev/null
end

set -g __gembal_paths 'serve' 'keys' 'keys add' 'keys check' 'keys list' 'keys remove' 'keys enable' 'keys disable' 'keys reset' 'keys label' 'keys export' 'keys import' 'keys why' 'chat' 'embed' 'image' 'models' 'config' 'config show' 'config get' 'config set' 'config unset' 'config import' 'config check' 'config example' 'config path' 'sandbox' 'tokens' 'tokens add' 'tokens list' 'tokens limit' 'tokens remove' 'stats' 'logs' 'logs requests' 'logs errors' 'store' 'store info' 'store migrate' 'doctor'

# The options that take a value, of the program and of the command in ARGV.
function __gembal_takes
    string split ' ' -- '--config --store --color'
    switch "$argv"
        case 'serve'
            string split ' ' -- '--listen --threads'
        case 'keys add'
            string split ' ' -- '--file --env --label --project --via --token'
        case 'keys check'
            string split ' ' -- '--model --jobs --status --via --token'
        case 'keys list'
            string split ' ' -- '--status --sort --via --token'
        case 'keys remove'
            string split ' ' -- '--status --via --token'
        case 'keys enable'
            string split ' ' -- '--status --via --token'
        case 'keys disable'
            string split ' ' -- '--status --via --token'
        case 'keys reset'
            string split ' ' -- '--status --via --token'
        case 'keys label'
            string split ' ' -- '--project --via --token'
        case 'keys export'
            string split ' ' -- '--status'
        case 'keys why'
            string split ' ' -- '--model'
        case 'chat'
            string split ' ' -- '-m --model -s --system -r --role -f -a --file --attachment --session --thinking -t --temperature --max-tokens --schema --via --token'
        case 'embed'
            string split ' ' -- '--file -m --model --dimensions --task-type --format --jobs -o --output --via --token'
        case 'image'
            string split ' ' -- '-o --output -n --count -i --input --aspect --size -m --model --via --token'
        case 'models'
            string split ' ' -- '--via --token'
        case 'sandbox'
            string split ' ' -- '--listen --scenario'
        case 'tokens add'
            string split ' ' -- '--rpm --rpd --tpd --models --expires'
        case 'tokens limit'
            string split ' ' -- '--rpm --rpd --tpd --models --expires'
        case 'stats'
            string split ' ' -- '--since --by --via --token'
        case 'logs requests'
            string split ' ' -- '--since --key --model --token --status --text --id -n --limit'
        case 'logs errors'
            string split ' ' -- '--since --key --model --token --status --text --id -n --limit'
    end
end

complete -c gembal -f
complete -c gembal -s h -l help -d 'Print this help message and exit'
complete -c gembal -l version -d 'Display program version information and exit'
complete -c gembal -l config -r -F -d 'Configuration file'
complete -c gembal -l store -r -F -d 'Key store'
complete -c gembal -l color -x -a 'auto always never' -d 'auto, always or never'
complete -c gembal -l json -d 'Print data as JSON'
complete -c gembal -s q -l quiet -d 'Say only what matters'
complete -c gembal -s v -l verbose -d 'Say more'
complete -c gembal -n '__gembal_at any' -a serve -d 'Offer the keys to clients until told to stop'
complete -c gembal -n '__gembal_at any' -a keys -d 'Manage the API keys'
complete -c gembal -n '__gembal_at any' -a chat -d 'Ask a model; without a prompt, in a terminal, talk with it'
complete -c gembal -n '__gembal_at any' -a embed -d 'Turn texts into vectors, a line each'
complete -c gembal -n '__gembal_at any' -a image -d 'Make pictures, or edit them'
complete -c gembal -n '__gembal_at any' -a models -d 'List the models that the keys can use'
complete -c gembal -n '__gembal_at any' -a config -d 'Look at the configuration, and change it'
complete -c gembal -n '__gembal_at any' -a sandbox -d 'A stand-in for the Gemini API, with faults on demand'
complete -c gembal -n '__gembal_at any' -a tokens -d 'Manage the tokens of clients'
complete -c gembal -n '__gembal_at any' -a stats -d 'What was asked: requests and tokens'
complete -c gembal -n '__gembal_at any' -a logs -d 'What was asked, and what failed'
complete -c gembal -n '__gembal_at any' -a store -d 'Look at the key store, and move it'
complete -c gembal -n '__gembal_at any' -a doctor -d 'Say what is wrong here, and what to do about it'

complete -c gembal -n '__gembal_at any serve' -l listen -x -d 'Listen there; may be repeated (127.0.0.1:8000)'
complete -c gembal -n '__gembal_at any serve' -l threads -x -d 'Event loops (0: one a core, at most 4)'
complete -c gembal -n '__gembal_at any serve' -l sandbox -d 'Answer from a stand-in for the API: no key, no network'

complete -c gembal -n '__gembal_at any keys' -a add -d 'Find API keys in any text and store them'
complete -c gembal -n '__gembal_at any keys' -a check -d 'Ask the API with each key'
complete -c gembal -n '__gembal_at any keys' -a list -d 'Show the keys and how they are'
complete -c gembal -n '__gembal_at any keys' -a remove -d 'Forget keys'
complete -c gembal -n '__gembal_at any keys' -a enable -d 'Use keys again, with a clean slate'
complete -c gembal -n '__gembal_at any keys' -a disable -d 'Stop using keys'
complete -c gembal -n '__gembal_at any keys' -a reset -d 'Forget failures, cool-downs and spent quotas'
complete -c gembal -n '__gembal_at any keys' -a label -d 'Name a key; say what project or tier it is of'
complete -c gembal -n '__gembal_at any keys' -a export -d 'Print the keys themselves, one a line; with --json all that \'import\' takes'
complete -c gembal -n '__gembal_at any keys' -a import -d 'Add keys with their labels, projects and tiers'
complete -c gembal -n '__gembal_at any keys' -a why -d 'Show which key is next for a model, and why not the others'

complete -c gembal -n '__gembal_at any keys add' -l file -r -F -d 'Look for keys in this file'
complete -c gembal -n '__gembal_at any keys add' -l env -x -a '(set -xn)' -d 'Look for keys in this environment variable'
complete -c gembal -n '__gembal_at any keys add' -l label -x -d 'A name for the keys'
complete -c gembal -n '__gembal_at any keys add' -l project -x -d 'The project that the keys share quota in'
complete -c gembal -n '__gembal_at any keys add' -l paid -d 'The keys belong to a paid tier'
complete -c gembal -n '__gembal_at any keys add' -l disabled -d 'Do not use them yet'
complete -c gembal -n '__gembal_at any keys add' -l exact -d 'Take each line as a key, whatever it looks like'
complete -c gembal -n '__gembal_at any keys add' -l check -d 'Ask the API with each of them'
complete -c gembal -n '__gembal_at any keys add' -l via -x -d 'Look after a daemon\'s store (client.url)'
complete -c gembal -n '__gembal_at any keys add' -l token -x -d 'The daemon\'s admin token (client.token, GEMBAL_CLIENT_TOKEN: not seen by others)'

complete -c gembal -n '__gembal_at any keys check' -l model -x -k -a '(__gembal_ask models)' -d 'Ask this model instead of pool.test_model'
complete -c gembal -n '__gembal_at any keys check' -l jobs -x -d 'Keys to ask with side by side (16)'
complete -c gembal -n '__gembal_at any keys check' -l status -x -a 'ok cooling exhausted unsupported disabled' -d 'Only keys of this status'
complete -c gembal -n '__gembal_at any keys check' -l disable -d 'Disable the keys that are bad'
complete -c gembal -n '__gembal_at any keys check' -l via -x -d 'Look after a daemon\'s store (client.url)'
complete -c gembal -n '__gembal_at any keys check' -l token -x -d 'The daemon\'s admin token (client.token, GEMBAL_CLIENT_TOKEN: not seen by others)'
complete -c gembal -n '__gembal_at any keys check' -l enable -d 'Enable the disabled keys that work again'
complete -c gembal -n '__gembal_at any keys check' -k -a '(__gembal_ask keys)'

complete -c gembal -n '__gembal_at any keys list' -l status -x -a 'ok cooling exhausted unsupported disabled' -d 'Only keys of this status'
complete -c gembal -n '__gembal_at any keys list' -l sort -x -a 'id label project tier status failures requests tokens used' -d 'By id, label, project, tier, status, failures, requests, tokens or used'
complete -c gembal -n '__gembal_at any keys list' -l show -d 'Show the whole keys'
complete -c gembal -n '__gembal_at any keys list' -l via -x -d 'Look after a daemon\'s store (client.url)'
complete -c gembal -n '__gembal_at any keys list' -l token -x -d 'The daemon\'s admin token (client.token, GEMBAL_CLIENT_TOKEN: not seen by others)'

complete -c gembal -n '__gembal_at any keys remove' -l status -x -a 'ok cooling exhausted unsupported disabled' -d 'All keys of this status'
complete -c gembal -n '__gembal_at any keys remove' -l via -x -d 'Look after a daemon\'s store (client.url)'
complete -c gembal -n '__gembal_at any keys remove' -l token -x -d 'The daemon\'s admin token (client.token, GEMBAL_CLIENT_TOKEN: not seen by others)'
complete -c gembal -n '__gembal_at any keys remove' -k -a '(__gembal_ask keys)'

complete -c gembal -n '__gembal_at any keys enable' -l status -x -a 'ok cooling exhausted unsupported disabled' -d 'All keys of this status'
complete -c gembal -n '__gembal_at any keys enable' -l via -x -d 'Look after a daemon\'s store (client.url)'
complete -c gembal -n '__gembal_at any keys enable' -l token -x -d 'The daemon\'s admin token (client.token, GEMBAL_CLIENT_TOKEN: not seen by others)'
complete -c gembal -n '__gembal_at any keys enable' -k -a '(__gembal_ask keys)'

complete -c gembal -n '__gembal_at any keys disable' -l status -x -a 'ok cooling exhausted unsupported disabled' -d 'All keys of this status'
complete -c gembal -n '__gembal_at any keys disable' -l via -x -d 'Look after a daemon\'s store (client.url)'
complete -c gembal -n '__gembal_at any keys disable' -l token -x -d 'The daemon\'s admin token (client.token, GEMBAL_CLIENT_TOKEN: not seen by others)'
complete -c gembal -n '__gembal_at any keys disable' -k -a '(__gembal_ask keys)'

complete -c gembal -n '__gembal_at any keys reset' -l status -x -a 'ok cooling exhausted unsupported disabled' -d 'All keys of this status'
complete -c gembal -n '__gembal_at any keys reset' -l via -x -d 'Look after a daemon\'s store (client.url)'
complete -c gembal -n '__gembal_at any keys reset' -l token -x -d 'The daemon\'s admin token (client.token, GEMBAL_CLIENT_TOKEN: not seen by others)'
complete -c gembal -n '__gembal_at any keys reset' -k -a '(__gembal_ask keys)'

complete -c gembal -n '__gembal_at any keys label' -l project -x -d 'The project that it shares quota in; \'\' takes it away'
complete -c gembal -n '__gembal_at any keys label' -l paid -d 'It is of a paid tier'
complete -c gembal -n '__gembal_at any keys label' -l free -d 'It is of the free tier'
complete -c gembal -n '__gembal_at any keys label' -l via -x -d 'Look after a daemon\'s store (client.url)'
complete -c gembal -n '__gembal_at any keys label' -l token -x -d 'The daemon\'s admin token (client.token, GEMBAL_CLIENT_TOKEN: not seen by others)'
complete -c gembal -n '__gembal_at 1 keys label' -k -a '(__gembal_ask keys)'

complete -c gembal -n '__gembal_at any keys export' -l status -x -a 'ok cooling exhausted unsupported disabled' -d 'Only keys of this status'

complete -c gembal -n '__gembal_at 1 keys import' -F

complete -c gembal -n '__gembal_at any keys why' -l model -x -k -a '(__gembal_ask models)' -d 'The model to ask about (client.model)'

complete -c gembal -n '__gembal_at any chat' -s m -l model -x -k -a '(__gembal_ask models)' -d 'Model (client.model)'
complete -c gembal -n '__gembal_at any chat' -s s -l system -x -d 'System instruction, or @FILE'
complete -c gembal -n '__gembal_at any chat' -s r -l role -x -k -a '(__gembal_ask roles)' -d 'A system instruction by name: roles/NAME.md'
complete -c gembal -n '__gembal_at any chat' -s f -s a -l file -l attachment -r -F -d 'A file to send along: text, picture, PDF, sound, film; also an address, or -'
complete -c gembal -n '__gembal_at any chat' -s c -l continue -d 'Go on with the last chat'
complete -c gembal -n '__gembal_at any chat' -l session -x -k -a '(__gembal_ask sessions)' -d 'Keep the chat under a name, and go on with it'
complete -c gembal -n '__gembal_at any chat' -l search -d 'Let the model use Google Search'
complete -c gembal -n '__gembal_at any chat' -l code -d 'Let the model run code'
complete -c gembal -n '__gembal_at any chat' -l url -d 'Let the model read addresses in the prompt'
complete -c gembal -n '__gembal_at any chat' -l thinking -x -a 'off minimal low medium high' -d 'off, minimal, low, medium, high, or tokens'
complete -c gembal -n '__gembal_at any chat' -l show-thoughts -d 'Show what it thinks, on stderr'
complete -c gembal -n '__gembal_at any chat' -s t -l temperature -x -d 'From 0 to 2'
complete -c gembal -n '__gembal_at any chat' -l max-tokens -x -d 'Length of the answer at most'
complete -c gembal -n '__gembal_at any chat' -l schema -r -F -d 'Answer in JSON of this JSON Schema'
complete -c gembal -n '__gembal_at any chat' -s x -l extract -d 'Print the first block of code alone'
complete -c gembal -n '__gembal_at any chat' -l no-stream -d 'Print the answer when it is whole'
complete -c gembal -n '__gembal_at any chat' -s u -l usage -d 'Say on stderr how many tokens it took'
complete -c gembal -n '__gembal_at any chat' -l dry-run -d 'Print the request instead of sending it'
complete -c gembal -n '__gembal_at any chat' -l via -x -d 'Go through a daemon\'s pool (client.url)'
complete -c gembal -n '__gembal_at any chat' -l token -x -d 'The daemon\'s token (client.token, GEMBAL_CLIENT_TOKEN: not seen by others)'

complete -c gembal -n '__gembal_at any embed' -l file -r -F -d 'Embed the lines of a file, or its JSONL'
complete -c gembal -n '__gembal_at any embed' -s m -l model -x -k -a '(__gembal_ask models)' -d 'Model (models.embedding)'
complete -c gembal -n '__gembal_at any embed' -l dimensions -x -d 'Numbers in a vector (3072)'
complete -c gembal -n '__gembal_at any embed' -l task-type -x -a 'retrieval-query retrieval-document semantic-similarity classification clustering question-answering fact-verification code-retrieval-query' -d 'What for: retrieval-query, clustering…'
complete -c gembal -n '__gembal_at any embed' -l format -x -a 'jsonl json csv npy base64' -d 'jsonl, json, csv, npy or base64; else as -o ends, else jsonl'
complete -c gembal -n '__gembal_at any embed' -l jobs -x -d 'Batches to ask for side by side (16)'
complete -c gembal -n '__gembal_at any embed' -s o -l output -r -F -d 'Write into a file'
complete -c gembal -n '__gembal_at any embed' -l resume -d 'Go on with what -o holds already (jsonl, csv)'
complete -c gembal -n '__gembal_at any embed' -l force -d 'Replace the file of -o'
complete -c gembal -n '__gembal_at any embed' -l via -x -d 'Go through a daemon\'s pool (client.url)'
complete -c gembal -n '__gembal_at any embed' -l token -x -d 'The daemon\'s token (client.token, GEMBAL_CLIENT_TOKEN: not seen by others)'

complete -c gembal -n '__gembal_at any image' -s o -l output -r -F -d 'Write there; \'-\': standard output'
complete -c gembal -n '__gembal_at any image' -s n -l count -x -d 'How many (1)'
complete -c gembal -n '__gembal_at any image' -s i -l input -r -F -d 'A picture to edit; may be repeated'
complete -c gembal -n '__gembal_at any image' -l aspect -x -d 'Shape, as in 16:9'
complete -c gembal -n '__gembal_at any image' -l size -x -a '512 1K 2K 4K' -d '512, 1K, 2K, 4K, or as in 1536x1024'
complete -c gembal -n '__gembal_at any image' -s m -l model -x -k -a '(__gembal_ask models)' -d 'Model (images.model)'
complete -c gembal -n '__gembal_at any image' -l upload -d 'Print an address, of the host in images.upload'
complete -c gembal -n '__gembal_at any image' -l force -d 'Replace files that are there'
complete -c gembal -n '__gembal_at any image' -l via -x -d 'Go through a daemon\'s pool (client.url)'
complete -c gembal -n '__gembal_at any image' -l token -x -d 'The daemon\'s token (client.token, GEMBAL_CLIENT_TOKEN: not seen by others)'

complete -c gembal -n '__gembal_at any models' -l all -d 'Also those that neither answer nor embed, and the filtered ones'
complete -c gembal -n '__gembal_at any models' -l via -x -d 'Go through a daemon\'s pool (client.url)'
complete -c gembal -n '__gembal_at any models' -l token -x -d 'The daemon\'s token (client.token, GEMBAL_CLIENT_TOKEN: not seen by others)'

complete -c gembal -n '__gembal_at any config' -a show -d 'Every setting, its value and where it comes from'
complete -c gembal -n '__gembal_at any config' -a get -d 'Print the value of a setting that is in force'
complete -c gembal -n '__gembal_at any config' -a set -d 'Save a setting in the store; a running daemon obeys'
complete -c gembal -n '__gembal_at any config' -a unset -d 'Take settings back that were saved in the store'
complete -c gembal -n '__gembal_at any config' -a import -d 'Take over gemini-balance\'s .env: settings and keys'
complete -c gembal -n '__gembal_at any config' -a check -d 'Say whether the configuration is good'
complete -c gembal -n '__gembal_at any config' -a example -d 'Print a configuration file with every setting and its default'
complete -c gembal -n '__gembal_at any config' -a path -d 'Where the configuration file and the store are'

complete -c gembal -n '__gembal_at any config get' -k -a '(__gembal_ask settings)'

complete -c gembal -n '__gembal_at 1 config set' -k -a '(__gembal_ask settings)'

complete -c gembal -n '__gembal_at any config unset' -k -a '(__gembal_ask settings)'

complete -c gembal -n '__gembal_at any config import' -l dry-run -d 'Only show what would become what'
complete -c gembal -n '__gembal_at 1 config import' -F

complete -c gembal -n '__gembal_at any sandbox' -l listen -x -d 'Listen there (127.0.0.1:8001)'
complete -c gembal -n '__gembal_at any sandbox' -l scenario -r -F -d 'How it behaves, as JSON'

complete -c gembal -n '__gembal_at any tokens' -a add -d 'Make a token: it is shown this once'
complete -c gembal -n '__gembal_at any tokens' -a list -d 'Show the tokens and what they may do'
complete -c gembal -n '__gembal_at any tokens' -a limit -d 'Change what a token may do'
complete -c gembal -n '__gembal_at any tokens' -a remove -d 'Take tokens back'

complete -c gembal -n '__gembal_at any tokens add' -l rpm -x -d 'Requests a minute; 0: no limit'
complete -c gembal -n '__gembal_at any tokens add' -l rpd -x -d 'Requests a day, UTC; 0: no limit'
complete -c gembal -n '__gembal_at any tokens add' -l tpd -x -d 'Tokens of input and output a day; 0: no limit'
complete -c gembal -n '__gembal_at any tokens add' -l models -x -d 'Only these models, with commas; \'\': all'
complete -c gembal -n '__gembal_at any tokens add' -l expires -x -d 'When it ends: 2026-12-31, 30d or never'

complete -c gembal -n '__gembal_at any tokens limit' -l rpm -x -d 'Requests a minute; 0: no limit'
complete -c gembal -n '__gembal_at any tokens limit' -l rpd -x -d 'Requests a day, UTC; 0: no limit'
complete -c gembal -n '__gembal_at any tokens limit' -l tpd -x -d 'Tokens of input and output a day; 0: no limit'
complete -c gembal -n '__gembal_at any tokens limit' -l models -x -d 'Only these models, with commas; \'\': all'
complete -c gembal -n '__gembal_at any tokens limit' -l expires -x -d 'When it ends: 2026-12-31, 30d or never'
complete -c gembal -n '__gembal_at any tokens limit' -l disable -d 'Refuse it until it is enabled'
complete -c gembal -n '__gembal_at any tokens limit' -l enable -d 'Take it again'

complete -c gembal -n '__gembal_at any stats' -l since -x -d 'How far back: 24h, 7d, up to 31d'
complete -c gembal -n '__gembal_at any stats' -l by -x -a 'key model token hour' -d 'What the numbers are of'
complete -c gembal -n '__gembal_at any stats' -l via -x -d 'Look after a daemon\'s store (client.url)'
complete -c gembal -n '__gembal_at any stats' -l token -x -d 'The daemon\'s admin token (client.token, GEMBAL_CLIENT_TOKEN: not seen by others)'

complete -c gembal -n '__gembal_at any logs' -a requests -d 'Requests of clients'
complete -c gembal -n '__gembal_at any logs' -a errors -d 'Calls of upstream that failed'

complete -c gembal -n '__gembal_at any logs requests' -s f -l follow -d 'Go on showing what is new'
complete -c gembal -n '__gembal_at any logs requests' -l since -x -d 'Only of this span: 30m, 24h, 7d'
complete -c gembal -n '__gembal_at any logs requests' -l key -x -k -a '(__gembal_ask keys)' -d 'Only of this key'
complete -c gembal -n '__gembal_at any logs requests' -l model -x -k -a '(__gembal_ask models)' -d 'Only of this model'
complete -c gembal -n '__gembal_at any logs requests' -l token -x -d 'Only of this token'
complete -c gembal -n '__gembal_at any logs requests' -l status -x -d 'Only of this status: 429, 5xx or failed'
complete -c gembal -n '__gembal_at any logs requests' -l text -x -d 'Only with this text in it'
complete -c gembal -n '__gembal_at any logs requests' -l id -x -d 'Only this one, with all its details'
complete -c gembal -n '__gembal_at any logs requests' -s n -l limit -x -d 'So many at most (50)'

complete -c gembal -n '__gembal_at any logs errors' -s f -l follow -d 'Go on showing what is new'
complete -c gembal -n '__gembal_at any logs errors' -l since -x -d 'Only of this span: 30m, 24h, 7d'
complete -c gembal -n '__gembal_at any logs errors' -l key -x -k -a '(__gembal_ask keys)' -d 'Only of this key'
complete -c gembal -n '__gembal_at any logs errors' -l model -x -k -a '(__gembal_ask models)' -d 'Only of this model'
complete -c gembal -n '__gembal_at any logs errors' -l token -x -d 'Only of this token'
complete -c gembal -n '__gembal_at any logs errors' -l status -x -d 'Only of this status: 429, 5xx or failed'
complete -c gembal -n '__gembal_at any logs errors' -l text -x -d 'Only with this text in it'
complete -c gembal -n '__gembal_at any logs errors' -l id -x -d 'Only this one, with all its details'
complete -c gembal -n '__gembal_at any logs errors' -s n -l limit -x -d 'So many at most (50)'

complete -c gembal -n '__gembal_at any store' -a info -d 'Where the store is, and what is in it'
complete -c gembal -n '__gembal_at any store' -a migrate -d 'Copy everything into another database, of any kind'

complete -c gembal -n '__gembal_at any store migrate' -l force -d 'Replace what the other one has'
complete -c gembal -n '__gembal_at 1 store migrate' -F
complete -c gembal -n '__gembal_at 2 store migrate' -F

complete -c gembal -n '__gembal_at any doctor' -l keys -d 'Also ask the API with each key'
