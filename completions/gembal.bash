# bash completion for gembal

_gembal_keys() {
  gembal keys list --json 2>/dev/null | grep -oE '"(id|label)":"[^"]+"' | cut -d'"' -f4
}

_gembal() {
  local word=$2 previous=$3 command= sub= i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
      --config | --store | --color | --listen | --threads | --file | --env | --label | --project | --status | --sort | --model | --jobs | \
        --system | --temperature | --max-tokens | --scenario | -m | -s | -t) ((++i)) ;;
      -*) ;;
      *) if [[ -z $command ]]; then command=${COMP_WORDS[i]}; elif [[ -z $sub ]]; then sub=${COMP_WORDS[i]}; fi ;;
    esac
  done

  case $previous in
    --config | --store | --file | --scenario) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    --color) mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$word"); return ;;
    --status) mapfile -t COMPREPLY < <(compgen -W 'ok cooling exhausted unsupported disabled' -- "$word"); return ;;
    --sort) mapfile -t COMPREPLY < <(compgen -W 'id label project tier status failures requests tokens used' -- "$word"); return ;;
    --env) mapfile -t COMPREPLY < <(compgen -e -- "$word"); return ;;
    --listen | --threads | --label | --project | --model | --jobs | --system | --temperature | --max-tokens | -m | -s | -t) return ;;
  esac

  local global='--config --store --color --json --quiet --verbose --help' options=
  case $command:$sub in
    :) options="serve keys chat config sandbox --version" ;;
    serve:*) options='--listen --threads --sandbox' ;;
    keys:) options='add check list why export import remove enable disable reset label' ;;
    keys:add) options='--file --env --label --project --paid --disabled --exact --check' ;;
    keys:check) options="--model --jobs --status --disable --enable $(_gembal_keys)" ;;
    keys:list) options='--status --sort --show' ;;
    keys:export) options='--status' ;;
    keys:label) options="--project --paid --free $(_gembal_keys)" ;;
    keys:why) options='--model' ;;
    keys:import) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    keys:remove | keys:enable | keys:disable | keys:reset) options="--status $(_gembal_keys)" ;;
    chat:*) options='--model --system --temperature --max-tokens --no-stream --usage --dry-run' ;;
    config:) options='show check example path' ;;
    sandbox:*) options='--listen --scenario' ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$options $global" -- "$word")
}

complete -F _gembal gembal
