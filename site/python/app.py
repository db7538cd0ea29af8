"""Python in a terminal; elsewhere it counts words."""

import code
import collections
import sys

from wit_world import exports


class Run(exports.Run):
    def run(self):
        if sys.stdin.isatty():
            version = sys.version.split()[0]
            code.interact(f"Python {version}, in WebAssembly. Ctrl-D ends it.", exitmsg="bye")
            return
        words = collections.Counter(word for line in sys.stdin for word in line.split())
        for word, count in sorted(words.items(), key=lambda item: (-item[1], item[0]))[:10]:
            print(f"{count:7} {word}")
