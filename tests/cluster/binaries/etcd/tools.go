//go:build tools

// Package binaries pins the etcd server of the test cluster.
package binaries

import _ "go.etcd.io/etcd/server/v3"
