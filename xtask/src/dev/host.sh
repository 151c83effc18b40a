# A host of its own: `unshare --net --mount sh host.sh PROGRAMS FOLDER [COMMAND...]`.
#
# PROGRAMS is the folder of tidegated and tidegate, FOLDER takes the state, the socket and the log. Runs COMMAND, or a shell, and
# takes everything down after it: the namespaces end with their last process.
set -eu
PATH=$1:$PATH
folder=$2
shift 2
export PATH TIDEGATE_SOCKET="$folder/tidegated.sock"

# Names of namespaces that nobody outside sees.
mount -t tmpfs none /run/netns 2>/dev/null || { mkdir -p /run/netns; mount -t tmpfs none /run/netns; }

# The host's uplink, and a neighbour at its other end.
ip link set lo up
ip netns add outside
ip link add wan type veth peer name eth0 netns outside
ip address add 192.0.2.1/24 dev wan
ip address add 2001:db8::1/64 dev wan nodad
ip link set wan up
ip -n outside link set lo up
ip -n outside address add 192.0.2.2/24 dev eth0
ip -n outside address add 2001:db8::2/64 dev eth0 nodad
ip -n outside link set eth0 up

tidegated --state-dir "$folder/state" >"$folder/log" 2>&1 &
daemon=$!
trap 'kill "$daemon" 2>/dev/null || true; wait "$daemon" || true' EXIT
tries=0
until [ -S "$TIDEGATE_SOCKET" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 300 ] || ! kill -0 "$daemon" 2>/dev/null; then
        cat "$folder/log" >&2
        exit 1
    fi
    sleep 0.1
done

ip netns add box1
ip netns add box2
tidegate network create web >/dev/null
tidegate attach web --netns box1 --name one --publish 8080:80 >/dev/null
tidegate attach web --netns box2 --name two >/dev/null

if [ "$#" -gt 0 ]; then
    "$@"
    exit
fi
cat <<END
tidegated runs in this host namespace. Its log is $folder/log.
  box1, box2   namespaces attached to the network web as one and two; one publishes 8080:80
  outside      a neighbour of the host, 192.0.2.2 and 2001:db8::2; the host is 192.0.2.1 and 2001:db8::1
Try: ip netns exec box1 python3 -m http.server 80 &
     ip netns exec outside curl http://192.0.2.1:8080/
     tidegate explain --help
The end of this shell ends all of it.
END
"${SHELL:-sh}" || true
