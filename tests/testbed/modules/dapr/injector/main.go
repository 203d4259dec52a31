// Dapr's sidecar injector, with a certificate that the testbed gives it. Dapr's own program gets one from Dapr's certificate authority.
package main

import (
	"context"
	"crypto/tls"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/dapr/dapr/pkg/client/clientset/versioned"
	"github.com/dapr/dapr/pkg/healthz"
	"github.com/dapr/dapr/pkg/injector/service"
)

func main() {
	port := flag.Int("port", 0, "the port to listen on")
	kubeconfig := flag.String("kubeconfig", "", "the kubeconfig")
	certificate := flag.String("certificate", "", "PEM of the certificate")
	key := flag.String("key", "", "PEM of its key")
	authority := flag.String("authority", "", "PEM of the certificate authority")
	flag.Parse()
	if err := run(*port, *kubeconfig, *certificate, *key, *authority); err != nil {
		log.Fatal(err)
	}
}

func run(port int, kubeconfig, certificate, key, authority string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := service.InitMetrics(); err != nil {
		return err
	}
	config, err := service.GetConfig()
	if err != nil {
		return err
	}
	rest, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(rest)
	if err != nil {
		return err
	}
	dapr, err := versioned.NewForConfig(rest)
	if err != nil {
		return err
	}
	uids, err := service.AllowedControllersServiceAccountUID(ctx, config, client)
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return err
	}
	roots, err := os.ReadFile(authority)
	if err != nil {
		return err
	}
	injector, err := service.NewInjector(service.Options{
		AuthUIDs:                uids,
		Config:                  config,
		DaprClient:              dapr,
		KubeClient:              client,
		Port:                    port,
		Healthz:                 healthz.New(),
		ControlPlaneNamespace:   config.Namespace,
		ControlPlaneTrustDomain: config.ControlPlaneTrustDomain,
	})
	if err != nil {
		return err
	}
	sentry := spiffeid.RequireFromString("spiffe://" + config.ControlPlaneTrustDomain + "/ns/" + config.Namespace + "/dapr-sentry")
	settings := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	return injector.Run(ctx, settings, sentry, func(context.Context) ([]byte, error) { return roots, nil })
}
