// libcni add|check|del NETWORK NAMESPACE: what cnitool does, with the libcni of Debian, which has no GC and STATUS yet. NETWORK
// is a file of /etc/cni/net.d without its ending. The variable CAP_ARGS has the arguments of capabilities, as for cnitool.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/containernetworking/cni/libcni"
	"github.com/containernetworking/cni/pkg/types"
)

func run(command, network, namespace string) error {
	list, err := libcni.ConfListFromFile("/etc/cni/net.d/" + network + ".conflist")
	if err != nil {
		return err
	}
	runtime := &libcni.RuntimeConf{
		ContainerID: "libcni-" + filepath.Base(namespace),
		NetNS:       namespace,
		IfName:      "eth0",
	}
	if text := os.Getenv("CAP_ARGS"); text != "" {
		if err := json.Unmarshal([]byte(text), &runtime.CapabilityArgs); err != nil {
			return err
		}
	}
	cni := libcni.NewCNIConfig([]string{"/opt/cni/bin"}, nil)
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	switch command {
	case "add":
		result, err := cni.AddNetworkList(ctx, list, runtime)
		if err != nil {
			return err
		}
		return result.Print()
	case "check":
		return cni.CheckNetworkList(ctx, list, runtime)
	case "del":
		return cni.DelNetworkList(ctx, list, runtime)
	}
	return fmt.Errorf("unknown command %q", command)
}

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		var failure *types.Error
		if errors.As(err, &failure) {
			err = fmt.Errorf("%d: %s: %s", failure.Code, failure.Msg, failure.Details)
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
