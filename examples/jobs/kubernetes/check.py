"""Checks the files beside this one against the types of Kubernetes and KEDA.

pip install cloudcoil.models.kubernetes cloudcoil.models.keda
"""

import pathlib
import sys

import yaml
from cloudcoil.models.keda.v1alpha1 import ScaledObject
from cloudcoil.models.kubernetes.apps.v1 import Deployment
from cloudcoil.models.kubernetes.autoscaling.v2 import HorizontalPodAutoscaler
from cloudcoil.models.kubernetes.core.v1 import Service

KINDS = {kind.__name__: kind for kind in (Deployment, HorizontalPodAutoscaler, ScaledObject, Service)}


def unknown(given, read, path=""):
    """What was given and is not in what was read: a name that no type has."""
    if isinstance(given, dict):
        if not isinstance(read, dict):
            yield path
            return
        for name, value in given.items():
            if name in read:
                yield from unknown(value, read[name], f"{path}.{name}")
            else:
                yield f"{path}.{name}"
    elif isinstance(given, list):
        for index, value in enumerate(given):
            yield from unknown(value, read[index], f"{path}[{index}]")


failed = False
for file in sorted(pathlib.Path(__file__).parent.glob("*.yaml")):
    for document in yaml.safe_load_all(file.read_text()):
        read = KINDS[document["kind"]].model_validate(document)
        problems = list(unknown(document, read.model_dump(by_alias=True, exclude_none=True, mode="json")))
        failed = failed or bool(problems)
        print(f"{file.name}: {document['kind']} {document['metadata']['name']}: {problems or 'right'}")
sys.exit(failed)
