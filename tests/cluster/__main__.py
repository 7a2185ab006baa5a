"""`python -m cluster up|down|image|check|test|conformance|demo`; the Makefile's targets call it."""

import argparse
import sys

from cluster import binaries, demo, lifecycle, packages, product_image, suite
from cluster.progress import ClusterError


def main() -> int:
    parser = argparse.ArgumentParser(prog="cluster", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start the cluster, load the images, install Levada")
    up.add_argument("--no-levada", action="store_true", help="without the last part")
    commands.add_parser("down", help="stop it; images and caches stay")
    commands.add_parser("image", help="build the product's image")
    commands.add_parser("check", help="say whether this machine can run a cluster")
    commands.add_parser("test", help="run every test that this machine can run")
    commands.add_parser("conformance", help="run Kubeflow's documents, here and on the cluster")
    commands.add_parser("demo", help="run the example and show what it gave")
    commands.add_parser("helm", help="build Helm if need be and say where it is")
    arguments = parser.parse_args()
    try:
        if arguments.command == "up":
            lifecycle.up(with_levada=not arguments.no_levada)
        elif arguments.command == "down":
            lifecycle.down()
        elif arguments.command == "image":
            product_image.build()
        elif arguments.command == "demo":
            demo.show()
        elif arguments.command == "helm":
            binaries.build(("helm",))
            print(binaries.program("helm"))
        elif arguments.command == "test":
            return suite.run()
        elif arguments.command == "conformance":
            return suite.conformance()
        else:
            packages.check()
    except ClusterError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
