module levada.dev/tests/cluster/binaries/pause

go 1.25.0
