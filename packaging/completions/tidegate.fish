# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_tidegate_global_optspecs
    string join \n json socket= timings timeout= h/help V/version
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
complete -c tidegate -n "__fish_tidegate_needs_command" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_needs_command" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_needs_command" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_needs_command" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_needs_command" -s V -l version -d 'Print version'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "network" -d 'Create, show, connect and remove networks'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "attach" -d 'Attach a network namespace to a network'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "detach" -d 'Remove endpoints: their interfaces and published ports; the namespaces stay'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "publish" -d 'Publish more ports of a running endpoint'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "unpublish" -d 'Stop publishing ports of a running endpoint, and end the connections through them'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "endpoint" -d 'Show endpoints'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "port" -d 'Show published ports'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "explain" -d 'Tell whether a packet passes this host, and which rule decides'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "doctor" -d 'Find what stops packets or changes on this host, and say how to fix it'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "top" -d 'Show the traffic of published ports, updated every second'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "events" -d 'Print events as they happen'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "info" -d 'Show the daemon\'s version, nft driver and state'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "ruleset" -d 'Print Tidegate\'s nftables table'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "gc" -d 'Remove the endpoints whose namespaces no longer exist'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "export" -d 'Print all networks and endpoints as a document for `tidegate import`'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "import" -d 'Make the networks and endpoints of a document, or the networks of a container engine'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "teardown" -d 'Remove everything from this host, and stop the daemon'
complete -c tidegate -n "__fish_tidegate_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -f -a "create" -d 'Create a network: a bridge with its subnets'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -f -a "ls" -d 'List the networks'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -f -a "inspect" -d 'Show all details of a network'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -f -a "connect" -d 'Let the endpoints of two networks reach each other'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -f -a "disconnect" -d 'Stop two networks from reaching each other, in both directions; open connections continue'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -f -a "rm" -d 'Remove networks'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and not __fish_seen_subcommand_from create ls inspect connect disconnect rm help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l subnet -d 'Subnet; repeat for more. A missing IPv4 or IPv6 subnet comes from the daemon\'s pools (see --no-ipv6)' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l gateway -d 'Address of the bridge in one of the subnets [default: the first address of each subnet]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l ip-range -d 'Range of a subnet from which endpoints get addresses [default: the whole subnet]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l aux-address -d 'Reserve an address: no endpoint gets it. NAME says what it is for' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l host-access -d 'Which host services endpoints may reach: none, dns, gateway or all [default: all; gateway with --internal, dns with --isolated]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l mode -d 'How endpoints exchange packets with other machines: nat, routed or nat-unprotected [default: nat]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l mode4 -d '--mode for IPv4 only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l mode6 -d '--mode for IPv6 only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l snat -d 'Source address of outgoing traffic, an address of the host; one for each of IPv4 and IPv6' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l trusted-interface -d 'Host interface whose clients reach every port of endpoints at their own addresses' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l dns -d 'DNS server for names that are not those of endpoints; repeat for more [default: the network\'s, else the host\'s]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l dns-search -d 'Search domain in the endpoint\'s resolv.conf; repeat for more, . for none [default: the network\'s, else the host\'s]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l dns-option -d 'Option in the endpoint\'s resolv.conf, such as ndots:2; repeat for more [default: the network\'s, else the host\'s]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l host-ip -d 'Default host address for published ports of this network; one for each of IPv4 and IPv6' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l allow -d 'Clients that may reach published ports without their own --allow [default: `ports.allow` of tidegated.toml]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l bridge -d 'Name of the bridge [default: tgbN, with the next number that no interface of Tidegate had]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l mtu -d 'MTU in bytes' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l label -d 'Metadata to store with the network' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l no-ipv6 -d 'Create no IPv6 subnet'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l no-ipv4 -d 'Create no IPv4 subnet'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l ipv6 -d 'Require IPv6: fail where the host has IPv6 turned off, instead of creating an IPv4-only network'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l internal -d 'No internet, no access from outside. Endpoints reach each other and the host'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l isolated -d 'Like --internal, but the host cannot reach it either. Its endpoints have names, and reach nothing else of the host'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l dns-forward -d 'With --internal: resolve external names too'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l no-icc -d 'Endpoints of this network cannot talk to each other directly'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l anti-spoofing -d 'Endpoints can send only from the addresses that they were given'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l no-masquerade -d 'No source NAT for outgoing traffic'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from ls" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from ls" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from ls" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from ls" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from inspect" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from inspect" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from inspect" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from inspect" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from inspect" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from connect" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from connect" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from connect" -l one-way -d 'Only endpoints of the first network open connections and resolve names; answers pass'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from connect" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from connect" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from connect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from disconnect" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from disconnect" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from disconnect" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from disconnect" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from disconnect" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from rm" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from rm" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from rm" -l force -d 'Detach their endpoints first'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from rm" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from rm" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from rm" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from help" -f -a "create" -d 'Create a network: a bridge with its subnets'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from help" -f -a "ls" -d 'List the networks'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from help" -f -a "inspect" -d 'Show all details of a network'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from help" -f -a "connect" -d 'Let the endpoints of two networks reach each other'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from help" -f -a "disconnect" -d 'Stop two networks from reaching each other, in both directions; open connections continue'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from help" -f -a "rm" -d 'Remove networks'
complete -c tidegate -n "__fish_tidegate_using_subcommand network; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l netns -d 'Namespace: its name in /run/netns, or a path' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l pid -d 'Process whose namespace to attach' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l name -d 'Name of the endpoint [default: a new ep-N]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -s p -l publish -d 'Publish ports: [HOSTIP:][HOSTPORT[-END]:]PORT[-END][/tcp|udp|sctp]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l allow -d 'Clients that may reach these ports: a prefix or an address [default: the network\'s --allow, else `ports.allow` of tidegated.toml, else everybody]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l hold-ports -d 'Who holds the host ports: the daemon, or the container engine that attaches the namespace' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l alias -d 'Additional DNS name, by the rules of --name. Several endpoints may share one: it resolves to all of them' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l dns -d 'DNS server for names that are not those of endpoints; repeat for more [default: the network\'s, else the host\'s]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l dns-search -d 'Search domain in the endpoint\'s resolv.conf; repeat for more, . for none [default: the network\'s, else the host\'s]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l dns-option -d 'Option in the endpoint\'s resolv.conf, such as ndots:2; repeat for more [default: the network\'s, else the host\'s]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l ip -l ip6 -d 'IP address, IPv4 or IPv6; repeat for others [default: a free one of each family]. --ip6 is the same option' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l mac -d 'Ethernet address [default: derived from the first IP address]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l ifname -d 'Interface name in the namespace [default: the lowest free ethN]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l route -d 'Static route: PREFIX=NEXTHOP, or PREFIX alone if its machines are on the network itself' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l gateway-priority -d 'Priority of this network\'s gateway; the highest one of a namespace becomes its default route' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l sysctl -d 'Sysctl of the endpoint\'s interface: net.ipv4.conf.IFNAME.KEY=VALUE. Write the word IFNAME literally' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l owner -d 'What the endpoint is for: a container engine, and the engine\'s own identifier of the attachment' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l label -d 'Metadata to store with the endpoint' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l no-default-route -d 'Give the namespace no default route'
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l replace -d 'First remove the engine\'s endpoints on this network that have the same owner or an address that --ip asks for'
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand attach" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand detach" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand detach" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand detach" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand detach" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand detach" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand publish" -l allow -d 'Clients that may reach these ports: a prefix or an address [default: the network\'s --allow, else `ports.allow` of tidegated.toml, else everybody]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand publish" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand publish" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand publish" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand publish" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand publish" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand unpublish" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand unpublish" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand unpublish" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand unpublish" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand unpublish" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and not __fish_seen_subcommand_from ls inspect check resolv-conf gc help" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and not __fish_seen_subcommand_from ls inspect check resolv-conf gc help" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and not __fish_seen_subcommand_from ls inspect check resolv-conf gc help" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and not __fish_seen_subcommand_from ls inspect check resolv-conf gc help" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and not __fish_seen_subcommand_from ls inspect check resolv-conf gc help" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and not __fish_seen_subcommand_from ls inspect check resolv-conf gc help" -f -a "ls" -d 'List the endpoints'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and not __fish_seen_subcommand_from ls inspect check resolv-conf gc help" -f -a "inspect" -d 'Show all details of an endpoint'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and not __fish_seen_subcommand_from ls inspect check resolv-conf gc help" -f -a "check" -d 'Look for what an endpoint lacks, in its namespace and on the host'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and not __fish_seen_subcommand_from ls inspect check resolv-conf gc help" -f -a "resolv-conf" -d 'Print a resolv.conf(5) for an endpoint\'s namespace'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and not __fish_seen_subcommand_from ls inspect check resolv-conf gc help" -f -a "gc" -d 'Remove the endpoints of a container engine that it does not use any more, all or none'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and not __fish_seen_subcommand_from ls inspect check resolv-conf gc help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from ls" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from ls" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from ls" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from ls" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from inspect" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from inspect" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from inspect" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from inspect" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from inspect" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from check" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from check" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from check" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from check" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from resolv-conf" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from resolv-conf" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from resolv-conf" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from resolv-conf" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from resolv-conf" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from gc" -l keep -d 'Owners of endpoints that are in use: these stay. ENGINE/ID as `tidegate endpoint inspect` shows it, or ID alone' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from gc" -l network -d 'Only endpoints of this network' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from gc" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from gc" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from gc" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from gc" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from gc" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from help" -f -a "ls" -d 'List the endpoints'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from help" -f -a "inspect" -d 'Show all details of an endpoint'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from help" -f -a "check" -d 'Look for what an endpoint lacks, in its namespace and on the host'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from help" -f -a "resolv-conf" -d 'Print a resolv.conf(5) for an endpoint\'s namespace'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from help" -f -a "gc" -d 'Remove the endpoints of a container engine that it does not use any more, all or none'
complete -c tidegate -n "__fish_tidegate_using_subcommand endpoint; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tidegate -n "__fish_tidegate_using_subcommand port; and not __fish_seen_subcommand_from ls help" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand port; and not __fish_seen_subcommand_from ls help" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand port; and not __fish_seen_subcommand_from ls help" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand port; and not __fish_seen_subcommand_from ls help" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand port; and not __fish_seen_subcommand_from ls help" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand port; and not __fish_seen_subcommand_from ls help" -f -a "ls" -d 'List the published ports of all endpoints, and who may reach them'
complete -c tidegate -n "__fish_tidegate_using_subcommand port; and not __fish_seen_subcommand_from ls help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tidegate -n "__fish_tidegate_using_subcommand port; and __fish_seen_subcommand_from ls" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand port; and __fish_seen_subcommand_from ls" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand port; and __fish_seen_subcommand_from ls" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand port; and __fish_seen_subcommand_from ls" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand port; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand port; and __fish_seen_subcommand_from help" -f -a "ls" -d 'List the published ports of all endpoints, and who may reach them'
complete -c tidegate -n "__fish_tidegate_using_subcommand port; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tidegate -n "__fish_tidegate_using_subcommand explain" -l source-address -d 'Source address of the packet [default: SRC\'s own]' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand explain" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand explain" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand explain" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand explain" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand doctor" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand doctor" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand doctor" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand doctor" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand top" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand top" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand top" -l once -d 'Print once and exit'
complete -c tidegate -n "__fish_tidegate_using_subcommand top" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand top" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand top" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand events" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand events" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand events" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand events" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand events" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand info" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand info" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand info" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand info" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand info" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand ruleset" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand ruleset" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand ruleset" -l live -d 'Print the table that the kernel has, instead of the planned one'
complete -c tidegate -n "__fish_tidegate_using_subcommand ruleset" -l diff -d 'Print only differences between the planned table and the kernel\'s'
complete -c tidegate -n "__fish_tidegate_using_subcommand ruleset" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand ruleset" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand ruleset" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand gc" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand gc" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand gc" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand gc" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand gc" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand export" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand export" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand export" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand export" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand export" -s h -l help -d 'Print help'
complete -c tidegate -n "__fish_tidegate_using_subcommand import" -l from -d 'File that has the engine\'s networks, or folder of its files; - for standard input' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand import" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand import" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand import" -l dry-run -d 'Only show what would be made, and what stands against it'
complete -c tidegate -n "__fish_tidegate_using_subcommand import" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand import" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand teardown" -l socket -d 'The daemon\'s unix socket' -r -F
complete -c tidegate -n "__fish_tidegate_using_subcommand teardown" -l timeout -d 'Time to wait for the daemon\'s answer; 0 waits forever. After it, the daemon may still carry out the command. For `events` the limit applies to the first answer only' -r
complete -c tidegate -n "__fish_tidegate_using_subcommand teardown" -l yes -d 'Confirm it; without this, the command only shows what it would remove, and fails'
complete -c tidegate -n "__fish_tidegate_using_subcommand teardown" -l force -d 'Also while endpoints are attached: their interfaces vanish'
complete -c tidegate -n "__fish_tidegate_using_subcommand teardown" -l json -d 'Print JSON instead of a table'
complete -c tidegate -n "__fish_tidegate_using_subcommand teardown" -l timings -d 'Print how long each part of the command took, to standard error'
complete -c tidegate -n "__fish_tidegate_using_subcommand teardown" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach publish unpublish endpoint port explain doctor top events info ruleset gc export import teardown help" -f -a "network" -d 'Create, show, connect and remove networks'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach publish unpublish endpoint port explain doctor top events info ruleset gc export import teardown help" -f -a "attach" -d 'Attach a network namespace to a network'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach publish unpublish endpoint port explain doctor top events info ruleset gc export import teardown help" -f -a "detach" -d 'Remove endpoints: their interfaces and published ports; the namespaces stay'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach publish unpublish endpoint port explain doctor top events info ruleset gc export import teardown help" -f -a "publish" -d 'Publish more ports of a running endpoint'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach publish unpublish endpoint port explain doctor top events info ruleset gc export import teardown help" -f -a "unpublish" -d 'Stop publishing ports of a running endpoint, and end the connections through them'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach publish unpublish endpoint port explain doctor top events info ruleset gc export import teardown help" -f -a "endpoint" -d 'Show endpoints'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach publish unpublish endpoint port explain doctor top events info ruleset gc export import teardown help" -f -a "port" -d 'Show published ports'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach publish unpublish endpoint port explain doctor top events info ruleset gc export import teardown help" -f -a "explain" -d 'Tell whether a packet passes this host, and which rule decides'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach publish unpublish endpoint port explain doctor top events info ruleset gc export import teardown help" -f -a "doctor" -d 'Find what stops packets or changes on this host, and say how to fix it'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach publish unpublish endpoint port explain doctor top events info ruleset gc export import teardown help" -f -a "top" -d 'Show the traffic of published ports, updated every second'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach publish unpublish endpoint port explain doctor top events info ruleset gc export import teardown help" -f -a "events" -d 'Print events as they happen'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach publish unpublish endpoint port explain doctor top events info ruleset gc export import teardown help" -f -a "info" -d 'Show the daemon\'s version, nft driver and state'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach publish unpublish endpoint port explain doctor top events info ruleset gc export import teardown help" -f -a "ruleset" -d 'Print Tidegate\'s nftables table'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach publish unpublish endpoint port explain doctor top events info ruleset gc export import teardown help" -f -a "gc" -d 'Remove the endpoints whose namespaces no longer exist'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach publish unpublish endpoint port explain doctor top events info ruleset gc export import teardown help" -f -a "export" -d 'Print all networks and endpoints as a document for `tidegate import`'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach publish unpublish endpoint port explain doctor top events info ruleset gc export import teardown help" -f -a "import" -d 'Make the networks and endpoints of a document, or the networks of a container engine'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach publish unpublish endpoint port explain doctor top events info ruleset gc export import teardown help" -f -a "teardown" -d 'Remove everything from this host, and stop the daemon'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and not __fish_seen_subcommand_from network attach detach publish unpublish endpoint port explain doctor top events info ruleset gc export import teardown help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and __fish_seen_subcommand_from network" -f -a "create" -d 'Create a network: a bridge with its subnets'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and __fish_seen_subcommand_from network" -f -a "ls" -d 'List the networks'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and __fish_seen_subcommand_from network" -f -a "inspect" -d 'Show all details of a network'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and __fish_seen_subcommand_from network" -f -a "connect" -d 'Let the endpoints of two networks reach each other'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and __fish_seen_subcommand_from network" -f -a "disconnect" -d 'Stop two networks from reaching each other, in both directions; open connections continue'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and __fish_seen_subcommand_from network" -f -a "rm" -d 'Remove networks'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and __fish_seen_subcommand_from endpoint" -f -a "ls" -d 'List the endpoints'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and __fish_seen_subcommand_from endpoint" -f -a "inspect" -d 'Show all details of an endpoint'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and __fish_seen_subcommand_from endpoint" -f -a "check" -d 'Look for what an endpoint lacks, in its namespace and on the host'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and __fish_seen_subcommand_from endpoint" -f -a "resolv-conf" -d 'Print a resolv.conf(5) for an endpoint\'s namespace'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and __fish_seen_subcommand_from endpoint" -f -a "gc" -d 'Remove the endpoints of a container engine that it does not use any more, all or none'
complete -c tidegate -n "__fish_tidegate_using_subcommand help; and __fish_seen_subcommand_from port" -f -a "ls" -d 'List the published ports of all endpoints, and who may reach them'
