// Runs on one bundle the validators that hubs run and operator-verify does not, and prints each thing they find on a line.
// The one for architectures is left out: it pulls the images.
package main

import (
	"fmt"
	"os"

	"github.com/operator-framework/api/pkg/manifests"
	"github.com/operator-framework/api/pkg/validation"
)

func main() {
	bundle, err := manifests.GetBundleFromDir(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	validators := validation.DefaultBundleValidators.WithValidators(
		validation.OperatorHubV2Validator,
		validation.StandardCapabilitiesValidator,
		validation.StandardCategoriesValidator,
		validation.GoodPracticesValidator,
		validation.AlphaDeprecatedAPIsValidator,
		validation.ObjectValidator,
	)
	found := 0
	for _, result := range validators.Validate(bundle.ObjectsToValidate()...) {
		for _, one := range append(result.Errors, result.Warnings...) {
			fmt.Println(one.Error())
			found++
		}
	}
	if found > 0 {
		os.Exit(1)
	}
}
