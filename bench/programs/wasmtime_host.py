"""Runs a guest on Wasmtime's Python package: wasmtime_host.py FOLDER GUEST [ARGUMENT...].

FOLDER is the guest's root; it may be empty, and then the guest has none.
"""

import sys

from wasmtime import Engine, ExitTrap, Store, WasiConfig
from wasmtime.component import Component, Linker

folder, path, *arguments = sys.argv[1:]
engine = Engine()
component = Component.from_file(engine, path)
linker = Linker(engine)
linker.add_wasip2()
wasi = WasiConfig()
wasi.argv = [path, *arguments]
wasi.inherit_stdin()
wasi.inherit_stdout()
wasi.inherit_stderr()
if folder:
    wasi.preopen_dir(folder, "/")
store = Store(engine)
store.set_wasi(wasi)
instance = linker.instantiate(store, component)
name = next(name for name in component.type.exports(engine) if name.startswith("wasi:cli/run@"))
interface = instance.get_export_index(store, name)
run = instance.get_func(store, instance.get_export_index(store, "run", interface))
try:
    result = run(store)
except ExitTrap as exit:
    sys.exit(exit.code)
sys.exit(0 if result is None or result.tag == "ok" else 1)
