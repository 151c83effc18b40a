# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_tidegate_global_optspecs
    string join \n socket= json timings timeout= h/help V/version
end

function __fish_tidegate_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_tidegate_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_tidegate_using_subcommand
    set -l cmd (__fish_tidegate_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c tidegate -n "__fish_tidegate_needs_command" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_needs_command" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_needs_command" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_needs_command" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_needs_command" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_needs_command" -s V -l version -d 'Print version'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "network" -d 'Make, show and remove networks'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "attach" -d 'Attach a network namespace to a network'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "detach" -d 'Remove endpoints: the namespaces stay, their interfaces and published ports go'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "gc" -d 'Remove the endpoints whose namespaces no longer exist'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "publish" -d 'Publish more ports of a running endpoint'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "unpublish" -d 'Withdraw published ports of a running endpoint, and end the connections through them'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "endpoint" -d 'Show endpoints'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "events" -d 'Show what happens, as it happens'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "doctor" -d 'Look for what stops packets or changes, and say what to do about it'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "explain" -d 'Say whether a packet passes, and by which rule and element'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "top" -d 'Show what passes through published ports, anew each second'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "info" -d 'Show what the daemon is and which nft driver it uses'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "ruleset" -d 'Print the nftables ruleset'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -f -a "create" -d 'Make a network: a bridge with its subnets'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -f -a "ls" -d 'List the networks'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -f -a "inspect" -d 'Show everything about a network'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -f -a "connect" -d 'Let the endpoints of two networks reach each other'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -f -a "disconnect" -d 'End that: connections that are open go on'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -f -a "rm" -d 'Remove networks'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l subnet -d 'Its subnets; one of each of IPv4 and IPv6 that has none is allotted from the daemon\'s pools' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l gateway -d 'The bridge\'s address in one of the subnets; else the subnet\'s first' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l ip-range -d 'The part of a subnet out of which endpoints are given addresses; else all of it' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l aux-address -d 'An address that is given to no endpoint, and what it is for' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l mtu -d 'MTU in bytes' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l host-ip -d 'Address of the host on which ports are published that name none; one for each of IPv4 and IPv6' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l allow -d 'Who may reach its published ports that have no --allow of their own; else whom the configuration lets in' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l host-access -d 'What of the host its endpoints reach: none, dns, gateway or all [default: all; gateway with --internal, none with --isolated]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l mode -d 'How packets pass between endpoints and the world: nat, routed or nat-unprotected [default: nat]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l mode4 -d 'The same for IPv4 alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l mode6 -d 'The same for IPv6 alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l snat -d 'Address of the host under which endpoints reach the world; one for each of IPv4 and IPv6' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l trusted-interface -d 'Interface of the host through which endpoints are reached at their own addresses, on every port' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l bridge -d 'The bridge\'s name; else one is made' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l label -d 'Something to remember about it' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l no-ipv4 -d 'Without IPv4'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l no-ipv6 -d 'Without IPv6'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l ipv6 -d 'With IPv6, or not at all: else it has IPv4 alone where the host has IPv6 turned off'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l internal -d 'No way in or out: its endpoints and the host reach each other, and nobody else'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l isolated -d 'As --internal, and the host is kept out too: it has no address on the bridge'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l no-icc -d 'Its endpoints do not reach each other at their own addresses'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l anti-spoofing -d 'Its endpoints send only under the addresses that they were given'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l no-masquerade -d 'Endpoints keep their addresses on the way out'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from ls" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from ls" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from ls" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from ls" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from inspect" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from inspect" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from inspect" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from inspect" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from inspect" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from connect" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from connect" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from connect" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from connect" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from connect" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from disconnect" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from disconnect" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from disconnect" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from disconnect" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from disconnect" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from rm" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from rm" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from rm" -l force -d 'With the endpoints that are attached to them'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from rm" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from rm" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from help" -f -a "create" -d 'Make a network: a bridge with its subnets'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from help" -f -a "ls" -d 'List the networks'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from help" -f -a "inspect" -d 'Show everything about a network'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from help" -f -a "connect" -d 'Let the endpoints of two networks reach each other'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from help" -f -a "disconnect" -d 'End that: connections that are open go on'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from help" -f -a "rm" -d 'Remove networks'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l netns -d 'The namespace, by its name below /run/netns or by the path of its file' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l pid -d 'The namespace of a process' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l name -d 'The endpoint\'s name; else one is made up' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l alias -d 'Another name for it; several endpoints may have the same, which then stands for all of them' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -s p -l publish -d 'Publish ports: [HOSTIP:][HOSTPORT[-END]:]PORT[-END][/tcp|udp|sctp]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l allow -d 'Who may reach these ports: a prefix or an address [default: as the network says, else everybody]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l ip -d 'Its IPv4 address; else a free one' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l ip6 -d 'Its IPv6 address; else a free one' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l mac -d 'Its Ethernet address; else one that follows from the first IP address' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l ifname -d 'Its interface\'s name in the namespace; else the lowest free ethN' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l gateway-priority -d 'Which of the namespace\'s networks is its way out: the one with the highest priority' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l sysctl -d 'A sysctl of its interface: net.ipv4.conf.IFNAME.KEY=VALUE, with IFNAME as it is' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand detach" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand detach" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand detach" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand detach" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_using_subcommand detach" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand gc" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand gc" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand gc" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand gc" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_using_subcommand gc" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand publish" -l allow -d 'Who may reach these ports: a prefix or an address [default: as the network says, else everybody]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand publish" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand publish" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand publish" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand publish" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_using_subcommand publish" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand unpublish" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand unpublish" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand unpublish" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand unpublish" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_using_subcommand unpublish" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and not __fish_seen_subcommand_from ls inspect resolv-conf help" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and not __fish_seen_subcommand_from ls inspect resolv-conf help" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and not __fish_seen_subcommand_from ls inspect resolv-conf help" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and not __fish_seen_subcommand_from ls inspect resolv-conf help" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and not __fish_seen_subcommand_from ls inspect resolv-conf help" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and not __fish_seen_subcommand_from ls inspect resolv-conf help" -f -a "ls" -d 'List the endpoints'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and not __fish_seen_subcommand_from ls inspect resolv-conf help" -f -a "inspect" -d 'Show everything about an endpoint'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and not __fish_seen_subcommand_from ls inspect resolv-conf help" -f -a "resolv-conf" -d 'Print the content of /etc/resolv.conf for an endpoint\'s namespace'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and not __fish_seen_subcommand_from ls inspect resolv-conf help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from ls" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from ls" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from ls" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from ls" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from inspect" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from inspect" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from inspect" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from inspect" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from inspect" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from resolv-conf" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from resolv-conf" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from resolv-conf" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from resolv-conf" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from resolv-conf" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from help" -f -a "ls" -d 'List the endpoints'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from help" -f -a "inspect" -d 'Show everything about an endpoint'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from help" -f -a "resolv-conf" -d 'Print the content of /etc/resolv.conf for an endpoint\'s namespace'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tidegate -n "__fish_tidegate_using_subcommand events" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand events" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand events" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand events" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_using_subcommand events" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand doctor" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand doctor" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand doctor" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand doctor" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand explain" -l source-address -d 'The source address that the packet has, if it is another than SRC\'s own' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand explain" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand explain" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand explain" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand explain" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand top" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand top" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand top" -l once -d 'Show it once, and end'
complete -c tidegate -n "__fish_tidegate_using_subcommand top" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand top" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_using_subcommand top" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand info" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand info" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand info" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand info" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_using_subcommand info" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand ruleset" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand ruleset" -l timeout -d 'How long to wait for an answer of the daemon, which may still do what it was asked for later; 0 for as long as it takes. `events` waits for the first answer alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand ruleset" -l live -d 'As the kernel has it, not as it is planned'
complete -c tidegate -n "__fish_tidegate_using_subcommand ruleset" -l diff -d 'Only what differs between the two; nothing where they agree'
complete -c tidegate -n "__fish_tidegate_using_subcommand ruleset" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand ruleset" -l timings -d 'Print to standard error where the time went'
complete -c tidegate -n "__fish_tidegate_using_subcommand ruleset" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach gc publish unpublish endpoint events doctor explain top info ruleset help" -f -a "network" -d 'Make, show and remove networks'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach gc publish unpublish endpoint events doctor explain top info ruleset help" -f -a "attach" -d 'Attach a network namespace to a network'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach gc publish unpublish endpoint events doctor explain top info ruleset help" -f -a "detach" -d 'Remove endpoints: the namespaces stay, their interfaces and published ports go'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach gc publish unpublish endpoint events doctor explain top info ruleset help" -f -a "gc" -d 'Remove the endpoints whose namespaces no longer exist'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach gc publish unpublish endpoint events doctor explain top info ruleset help" -f -a "publish" -d 'Publish more ports of a running endpoint'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach gc publish unpublish endpoint events doctor explain top info ruleset help" -f -a "unpublish" -d 'Withdraw published ports of a running endpoint, and end the connections through them'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach gc publish unpublish endpoint events doctor explain top info ruleset help" -f -a "endpoint" -d 'Show endpoints'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach gc publish unpublish endpoint events doctor explain top info ruleset help" -f -a "events" -d 'Show what happens, as it happens'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach gc publish unpublish endpoint events doctor explain top info ruleset help" -f -a "doctor" -d 'Look for what stops packets or changes, and say what to do about it'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach gc publish unpublish endpoint events doctor explain top info ruleset help" -f -a "explain" -d 'Say whether a packet passes, and by which rule and element'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach gc publish unpublish endpoint events doctor explain top info ruleset help" -f -a "top" -d 'Show what passes through published ports, anew each second'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach gc publish unpublish endpoint events doctor explain top info ruleset help" -f -a "info" -d 'Show what the daemon is and which nft driver it uses'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach gc publish unpublish endpoint events doctor explain top info ruleset help" -f -a "ruleset" -d 'Print the nftables ruleset'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach gc publish unpublish endpoint events doctor explain top info ruleset help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and __fish_seen_subcommand_from network" -f -a "create" -d 'Make a network: a bridge with its subnets'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and __fish_seen_subcommand_from network" -f -a "ls" -d 'List the networks'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and __fish_seen_subcommand_from network" -f -a "inspect" -d 'Show everything about a network'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and __fish_seen_subcommand_from network" -f -a "connect" -d 'Let the endpoints of two networks reach each other'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and __fish_seen_subcommand_from network" -f -a "disconnect" -d 'End that: connections that are open go on'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and __fish_seen_subcommand_from network" -f -a "rm" -d 'Remove networks'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and __fish_seen_subcommand_from endpoint" -f -a "ls" -d 'List the endpoints'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and __fish_seen_subcommand_from endpoint" -f -a "inspect" -d 'Show everything about an endpoint'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and __fish_seen_subcommand_from endpoint" -f -a "resolv-conf" -d 'Print the content of /etc/resolv.conf for an endpoint\'s namespace'
