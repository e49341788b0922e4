// Command etcd is the server of this module's etcd. Its own module has replacements with relative paths, so that it can
// be a dependency but not be built in its place.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
