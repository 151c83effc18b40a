complete -c tidegated -l config -d 'Configuration file [default: /etc/tidegate/tidegated.toml]' -r -F
complete -c tidegated -l socket -d 'Unix socket to listen on [default: /run/tidegate/tidegated.sock]' -r -F
complete -c tidegated -l state-dir -d 'Folder for saved state [default: /var/lib/tidegate]' -r -F
complete -c tidegated -l nft-driver -d 'How to change nftables: through libnftables, through the nft program, or the better one that works [default: auto]' -r -f -a "auto\t''
library\t''
exec\t''"
complete -c tidegated -l nft-path -d 'Path of the nft program [default: found in PATH, /usr/sbin or /sbin]' -r -F
complete -c tidegated -l log-level -d 'Log messages of this level and more severe ones [default: info]' -r -f -a "error\t''
warn\t''
info\t''
debug\t''
trace\t''"
complete -c tidegated -l ipv4-pools -d 'Pools of IPv4 subnets for networks [default: 10.208.0.0/12:24, 172.16.0.0/12:24 and 192.168.0.0/16:24]' -r
complete -c tidegated -l ipv6-pools -d 'Pools of IPv6 subnets for networks [default: a prefix of the host\'s own]' -r
complete -c tidegated -l free-ports -d 'Range from which a free host port is chosen [default: 61000-65535]' -r
complete -c tidegated -l allow -d 'Clients that may reach published ports without an --allow, their own or their network\'s [default: everybody]' -r
complete -c tidegated -l forwarding -d 'Whether the daemon turns on IP forwarding: set or leave [default: set]' -r
complete -c tidegated -l metrics-listen -d 'Serve metrics for Prometheus on this address [default: nowhere]' -r
complete -c tidegated -l docker-socket -d 'Serve Docker\'s network driver `tidegate` on this unix socket [default: nowhere]' -r -F
complete -c tidegated -l dns -d 'Run the DNS server for endpoint names [default: true]' -r -f -a "true\t''
false\t''"
complete -c tidegated -l dns-port -d 'Host port of that DNS server; port 53 of its addresses and of each gateway is redirected to it [default: 299]' -r
complete -c tidegated -l dns-upstreams -d 'DNS servers for all other names [default: those of /etc/resolv.conf]' -r
complete -c tidegated -l discard-unknown -d 'Remove networks of Tidegate that the saved state does not know'
complete -c tidegated -l check-config -d 'Check the configuration and exit: status 0 if it is valid, else 1'
complete -c tidegated -s V -l version -d 'Print version, build details and the nft driver that it would use here'
complete -c tidegated -l json -d 'With --version: print JSON'
complete -c tidegated -s h -l help -d 'Print help (see more with \'--help\')'
