// Lists all pods as the usual client of Kubernetes does, in protobuf and in pages of 500, and throws them away. Nothing that reads every pod
// by this client costs less: it is the floor of the benchmark.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"syscall"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/clientcmd"
)

const page = 500

func main() {
	count, err := pods(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(count)
	if file := os.Getenv("USAGE_FILE"); file != "" {
		writeUsage(file)
	}
}

// writeUsage writes what the kernel counted for this process, as tests/bench/usage.ts does.
func writeUsage(file string) {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return
	}
	seconds := float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9
	text, _ := json.Marshal(map[string]float64{"peakMb": peakMb(), "cpuSeconds": seconds})
	_ = os.WriteFile(file, text, 0o600)
}

// peakMb is the most memory that this program had. Rusage has that of its parent, too, from before the exec.
func peakMb() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kilobytes float64
	_, _ = fmt.Sscan(rest, &kilobytes)
	return kilobytes / 1024
}

func pods(kubeconfig string) (int, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return 0, err
	}
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf
	config.QPS = -1
	client, err := corev1.NewForConfig(config)
	if err != nil {
		return 0, err
	}
	count := 0
	for next := ""; ; {
		list, err := client.Pods(metav1.NamespaceAll).List(context.Background(), metav1.ListOptions{Limit: page, Continue: next})
		if err != nil {
			return 0, err
		}
		count += len(list.Items)
		if next = list.Continue; next == "" {
			return count, nil
		}
	}
}
