# Runs in a new host. Makes an outside world (192.0.2.2, 2001:db8::2, DNS server, example.test), a container image, and
# configuration of the engines.
set -eu
ip netns add outside
ip link add uplink type veth peer name eth0 netns outside
ip address add 192.0.2.1/24 dev uplink
ip address add 2001:db8::1/64 dev uplink nodad
ip link set uplink up
ip -n outside address add 192.0.2.2/24 dev eth0
ip -n outside address add 2001:db8::2/64 dev eth0 nodad
ip -n outside link set eth0 up
ip -n outside link set lo up
# The outside world may try to reach containers at their own addresses.
ip -n outside route add default via 192.0.2.1
ip -n outside -6 route add default via 2001:db8::1
ip route add default via 192.0.2.2
ip -6 route add default via 2001:db8::2
echo nameserver 192.0.2.2 >/etc/resolv.conf
ip netns exec outside setsid perl /serve.pl outside 80 </dev/null >/dev/null 2>&1 &
ip netns exec outside dnsmasq --no-resolv --no-hosts --bind-interfaces --listen-address=192.0.2.2 \
    --address=/example.test/192.0.2.2 --pid-file= --user=root

# An image without a registry: busybox, perl, what they are linked with, and what looks names up.
mkdir -p /image/etc /image/tmp /image/bin /image/usr/bin
cd /image
cp /usr/bin/busybox /usr/bin/getent /usr/bin/perl usr/bin/
cp /serve.pl /ask.pl .
for applet in cat grep head hostname ip ls sh sleep; do ln -s /usr/bin/busybox "bin/$applet"; done
libraries=/usr/lib/$(basename "$(dirname "$(ls /usr/lib/*-linux-gnu/libc.so.6)")")
ldd /usr/bin/busybox /usr/bin/getent /usr/bin/perl | grep -o '/[^ ]*\.so[^ ]*' | sort -u | while read -r library; do
    mkdir -p ".${library%/*}"
    cp -L "$library" ".$library"
done
mkdir -p ".$libraries"
cp -L "$libraries"/libnss_dns.so.2 "$libraries"/libnss_files.so.2 "$libraries"/libresolv.so.2 ".$libraries/"
cp -a "$libraries/perl-base" ".$libraries/"
echo 'hosts: files dns' >etc/nsswitch.conf
echo 'root:x:0:0:root:/:/bin/sh' >etc/passwd
tar -c -f /image.tar .

mkdir -p /etc/containers /etc/cni/net.d /opt/cni
# Where containerd looks for plugins.
ln -s /usr/lib/cni /opt/cni/bin
cat >/etc/containers/containers.conf <<END
[containers]
default_ulimits = []
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "$NETWORK_BACKEND"
END
