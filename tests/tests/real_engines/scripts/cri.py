# cri.py run NAME HOST_PORT: runs a pod with the port published at its port 80, and prints its id. cri.py stop|remove ID.
#
# A client of containerd's CRI (runtime.v1, api.proto of k8s.io/cri-api). A message is a dictionary of field numbers: text, a
# number, another message, or a list of these.
import sys
import grpc


def varint(number):
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes(parts + [number])


def encoded(message):
    written = b""
    for field, value in message.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, int):
                written += varint(field << 3) + varint(one)
            else:
                data = one.encode() if isinstance(one, str) else encoded(one)
                written += varint(field << 3 | 2) + varint(len(data)) + data
    return written


def call(method, message):
    with grpc.insecure_channel("unix:///run/containerd/containerd.sock") as channel:
        invoke = channel.unary_unary("/runtime.v1.RuntimeService/" + method)
        return invoke(encoded(message), timeout=120)


command, what = sys.argv[1:3]
try:
    if command == "run":
        metadata = {1: what, 2: what + "-uid", 3: "default"}
        ports = [{2: 80, 3: int(sys.argv[3])}]
        answer = call("RunPodSandbox", {1: {1: metadata, 2: what, 5: ports}})
        # Its only field is the id, which has 64 digits.
        print(answer[2:].decode())
    else:
        call({"stop": "StopPodSandbox", "remove": "RemovePodSandbox"}[command], {1: what})
except grpc.RpcError as error:
    sys.exit(error.details())
