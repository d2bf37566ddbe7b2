"""``/_sandbox``: the methods of :class:`SandboxTwig` for other processes. Not part of Twig."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.twig import keys
from sandbox.twig.faults import Fault  # noqa: TC001 - FastAPI reads the annotation
from sandbox.twig.processing import ProcessFailure
from sandbox.twig.settings import Settings
from sandbox.twig.wire import ApiError

if TYPE_CHECKING:
    from sandbox.twig.server import SandboxTwig

router = APIRouter(prefix="/_sandbox")


def _sandbox(request: Request) -> SandboxTwig:
    twig: SandboxTwig = request.app.state.twig
    return twig


Twig = Annotated["SandboxTwig", Depends(_sandbox)]


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Refusal(_Order):
    ids: list[str]
    code: str = "content_policy"
    message: str = "Refused"


class Failure(_Order):
    message: str = ProcessFailure.message
    log_lines: list[str] = []
    times: Annotated[int, Field(gt=0)] = 1


class NewKey(_Order):
    scopes: list[keys.Scope] = list(keys.ALL_SCOPES)
    org: str = keys.DEFAULT_ORG


class KeyName(_Order):
    key: str


class DocumentName(_Order):
    dataSpecId: str
    documentId: str


class Import(_Order):
    dataSpecId: str
    path: str


@router.get("/settings")
def get_settings(twig: Twig) -> dict[str, Any]:
    return twig.settings.model_dump()


@router.patch("/settings")
def change_settings(twig: Twig, changes: dict[str, Any]) -> dict[str, Any]:
    """Set some fields of :class:`Settings`; all of them or, when one is wrong, none."""
    try:
        checked = Settings.model_validate(twig.settings.model_dump() | changes)
    except ValidationError as error:
        raise ApiError(400, "; ".join(f"{one['loc'][-1]}: {one['msg']}" for one in error.errors())) from error
    for name in changes:
        setattr(twig.settings, name, getattr(checked, name))
    return get_settings(twig)


@router.get("/faults")
def list_faults(twig: Twig) -> list[Fault]:
    return twig.faults.pending()


@router.post("/faults")
def add_fault(twig: Twig, fault: Fault) -> Fault:
    twig.inject(fault)
    return fault


@router.delete("/faults")
def clear_faults(twig: Twig) -> dict[str, bool]:
    """Faults, refusals and planned processing failures."""
    twig.clear_faults()
    return {"cleared": True}


@router.post("/refuse-documents")
def refuse_documents(twig: Twig, order: Refusal) -> dict[str, int]:
    twig.refuse_documents(order.ids, order.code, order.message)
    return {"refused": len(twig.refused_documents)}


@router.post("/fail-processing")
def fail_processing(twig: Twig, order: Failure) -> dict[str, int]:
    twig.fail_processing(ProcessFailure(order.message, tuple(order.log_lines)), order.times)
    return {"times": order.times}


@router.post("/keys")
def add_key(twig: Twig, order: NewKey) -> dict[str, str]:
    return {"key": twig.keys.add(tuple(order.scopes), order.org), "org": order.org}


@router.post("/keys/revoke")
def revoke_key(twig: Twig, order: KeyName) -> dict[str, bool]:
    twig.keys.revoke(order.key)
    return {"revoked": True}


@router.post("/drift/forget")
def forget_document(twig: Twig, order: DocumentName) -> dict[str, str]:
    twig.forget_document(order.dataSpecId, order.documentId)
    return {"forgotten": order.documentId}


@router.post("/drift/alter")
def alter_document(twig: Twig, order: DocumentName) -> dict[str, str]:
    twig.alter_document(order.dataSpecId, order.documentId)
    return {"altered": order.documentId}


@router.post("/import-files")
def import_files(twig: Twig, order: Import) -> dict[str, Any]:
    """Let Twig pull a local folder or ZIP into a data source."""
    try:
        return asdict(twig.import_files(order.dataSpecId, Path(order.path)))
    except FileNotFoundError as error:
        raise ApiError(400, str(error)) from error


@router.get("/stats")
def stats(twig: Twig) -> dict[str, Any]:
    return twig.log.stats()


@router.get("/requests")
def requests(twig: Twig) -> list[dict[str, Any]]:
    return [asdict(record) for record in twig.log.records()]


@router.get("/sent")
def sent(twig: Twig) -> dict[str, dict[str, dict[str, int]]]:
    """How often each document and each chunk text arrived: data source → id → count."""
    counted = twig.log.sent()
    return {
        "documents": _by_spec(counted.documents),
        "texts": _by_spec(counted.texts),
        "deletes": _by_spec(counted.deletes),
    }


def _by_spec(counts: dict[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    nested: dict[str, dict[str, int]] = {}
    for (spec, name), count in counts.items():
        nested.setdefault(spec, {})[name] = count
    return nested


@router.delete("/requests")
def clear_requests(twig: Twig) -> dict[str, bool]:
    """Forget the request log and the counters."""
    twig.log.clear()
    return {"cleared": True}


@router.get("/data-specs")
def list_data_specs(twig: Twig) -> list[dict[str, Any]]:
    return twig.data_specs()


@router.get("/data-specs/{spec}/documents")
def list_documents(twig: Twig, spec: str) -> list[dict[str, Any]]:
    """Everything that a data source holds, texts included."""
    return [asdict(document) for document in twig.documents(spec).values()]
