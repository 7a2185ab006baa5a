//go:build tools

// Package binaries pins the Helm that installs Levada into the test cluster.
package binaries

import _ "helm.sh/helm/v4/cmd/helm"
