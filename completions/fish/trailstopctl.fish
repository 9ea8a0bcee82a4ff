# SPDX-License-Identifier: Apache-2.0
# Completion of trailstopctl for fish.

# The MEMBER of each target that the daemon knows: __trailstopctl_names COMMAND MEMBER
function __trailstopctl_names
    trailstopctl --json $argv[1] 2>/dev/null | string match --all --regex --groups-only "\"$argv[2]\": *\"([^\"]*)\"" | sort -u
end

# The ids of jobs, each with its import and state: __trailstopctl_jobs [STATE...]
function __trailstopctl_jobs
    set --query argv[1]; or set argv ''
    for state in $argv
        trailstopctl --no-legend jobs (string replace --regex --filter '^(.+)' -- '--state=$1' $state) 2>/dev/null |
            string replace --regex --filter '^(\S+) +(\S+) +\S+ +(\S+).*' '$1\t$2 $3'
    end
end

set --local commands stop wait restart show list failures jobs job watch cancel targets queues health statistics metrics version help
set --local no_command "not __fish_seen_subcommand_from $commands"

complete --command trailstopctl --no-files

complete --command trailstopctl --condition "$no_command" --arguments stop --description 'Stop imports and wait until they are STOPPED'
complete --command trailstopctl --condition "$no_command" --arguments wait --description 'Wait until imports are COMPLETED, without stopping them'
complete --command trailstopctl --condition "$no_command" --arguments restart --description 'Let CloudTrail go on with an import'
complete --command trailstopctl --condition "$no_command" --arguments show --description 'Show an import as CloudTrail describes it'
complete --command trailstopctl --condition "$no_command" --arguments list --description 'List the imports of a target'
complete --command trailstopctl --condition "$no_command" --arguments failures --description 'List the entries that an import failed to import'
complete --command trailstopctl --condition "$no_command" --arguments jobs --description 'List jobs, newest first'
complete --command trailstopctl --condition "$no_command" --arguments job --description 'Show a job'
complete --command trailstopctl --condition "$no_command" --arguments watch --description 'Follow jobs to their end'
complete --command trailstopctl --condition "$no_command" --arguments cancel --description 'Stop following a job'
complete --command trailstopctl --condition "$no_command" --arguments targets --description 'List the targets and whether they answer'
complete --command trailstopctl --condition "$no_command" --arguments queues --description 'List the queues that requests come through'
complete --command trailstopctl --condition "$no_command" --arguments health --description 'Check targets, queues and the store'
complete --command trailstopctl --condition "$no_command" --arguments statistics --description 'Show the counters of the daemon'
complete --command trailstopctl --condition "$no_command" --arguments metrics --description 'Print metrics as OpenMetrics text'
complete --command trailstopctl --condition "$no_command" --arguments version --description 'Show the versions of client and daemon'
complete --command trailstopctl --condition "$no_command" --arguments help --description 'Print help, about a command where one is named'

complete --command trailstopctl --long-option socket --require-parameter --force-files --description 'The socket of the daemon'
complete --command trailstopctl --long-option json --description 'Print replies as JSON, one a line'
complete --command trailstopctl --short-option o --long-option output --exclusive --arguments 'table wide json ids' --description 'How output is printed'
complete --command trailstopctl --long-option no-legend --description 'Tables without headings'
complete --command trailstopctl --short-option q --long-option quiet --description 'No tables and no progress'
complete --command trailstopctl --long-option no-pager --description 'No pager'
complete --command trailstopctl --long-option no-color --description 'No colours'
complete --command trailstopctl --short-option h --long-option help --description 'Print help, after a command: about it'
complete --command trailstopctl --short-option V --long-option version --description 'Print the version'

complete --command trailstopctl --condition '__fish_seen_subcommand_from stop wait restart show list failures jobs' --short-option t --long-option target --exclusive --arguments '(__trailstopctl_names targets name)' --description 'Account and region'
complete --command trailstopctl --condition '__fish_seen_subcommand_from stop wait show list failures' --long-option service --exclusive --arguments 'cloudtrail logs' --description 'Which service runs the import'
complete --command trailstopctl --condition '__fish_seen_subcommand_from stop' --long-option no-wait --description 'Only request it'
complete --command trailstopctl --condition '__fish_seen_subcommand_from stop wait' --long-option timeout --exclusive --description 'Give up following after this time'
complete --command trailstopctl --condition '__fish_seen_subcommand_from stop wait restart' --long-option reason --exclusive --description 'Kept with the job and in the journal'
complete --command trailstopctl --condition '__fish_seen_subcommand_from stop' --long-option all --description 'Every running import'
complete --command trailstopctl --condition '__fish_seen_subcommand_from stop' --long-option all-targets --description 'In all targets'
complete --command trailstopctl --condition '__fish_seen_subcommand_from stop list' --long-option destination --exclusive --description 'Only into this event data store'
complete --command trailstopctl --condition '__fish_seen_subcommand_from stop' --long-option older-than --exclusive --description 'Only imports created so long ago'
complete --command trailstopctl --condition '__fish_seen_subcommand_from stop' --long-option min-failed-entries --exclusive --description 'Only imports with so many failed entries'
complete --command trailstopctl --condition '__fish_seen_subcommand_from stop' --long-option min-events --exclusive --description 'Only imports with so many events'
complete --command trailstopctl --condition '__fish_seen_subcommand_from stop' --long-option min-bytes --exclusive --description 'Only import tasks of logs with so many bytes'
complete --command trailstopctl --condition '__fish_seen_subcommand_from stop' --long-option source --exclusive --description 'Only imports from sources like this'
complete --command trailstopctl --condition '__fish_seen_subcommand_from stop' --long-option dry-run --description 'Stop nothing'
complete --command trailstopctl --condition '__fish_seen_subcommand_from stop' --long-option yes --description 'Do not ask first'
complete --command trailstopctl --condition '__fish_seen_subcommand_from jobs' --long-option state --exclusive --arguments 'queued stopping polling stopped completed failed refused expired cancelled released' --description 'Only jobs in this state'
complete --command trailstopctl --condition '__fish_seen_subcommand_from jobs' --long-option import --exclusive --description 'Only jobs of this import'
complete --command trailstopctl --condition '__fish_seen_subcommand_from jobs' --long-option since --exclusive --description 'Only jobs requested since'
complete --command trailstopctl --condition '__fish_seen_subcommand_from jobs' --long-option limit --exclusive --description 'At most so many'
complete --command trailstopctl --condition '__fish_seen_subcommand_from jobs' --long-option all --description 'All there are'
complete --command trailstopctl --condition '__fish_seen_subcommand_from jobs' --long-option watch --description 'Follow them'
complete --command trailstopctl --condition '__fish_seen_subcommand_from targets' --long-option test --description 'Ask each for real'
complete --command trailstopctl --condition '__fish_seen_subcommand_from job' --arguments '(__trailstopctl_jobs)'
complete --command trailstopctl --condition '__fish_seen_subcommand_from watch cancel' --arguments '(__trailstopctl_jobs queued stopping polling)'
complete --command trailstopctl --condition '__fish_seen_subcommand_from help' --arguments "$commands"
