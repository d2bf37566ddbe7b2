"""What the package tells Airflow about itself holds."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import jsonschema
import pytest
from airflow.providers_manager import ProvidersManager, _create_provider_info_schema_validator
from airflow.sdk import Asset, BaseOperator, BaseOperatorLink
from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime
from airflow.triggers.base import BaseTrigger

from confluence_to_twig.provider_info import get_provider_info
from confluence_to_twig.runs.assets import (
    former_space_asset,
    space_asset,
    space_to_openlineage,
    twig_asset,
    twig_to_openlineage,
)

INFO = get_provider_info()


def loaded(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def classes(key: str, base: type) -> list[type]:
    modules = [import_module(name) for entry in INFO[key] for name in entry["python-modules"]]
    return [
        thing
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, base) and thing.__module__ == module.__name__
    ]


def test_airflow_accepts_it_under_its_own_schema() -> None:
    try:
        _create_provider_info_schema_validator().validate(INFO)
    except jsonschema.ValidationError as error:
        pytest.fail(str(error))


def test_it_gives_no_plugin_because_the_entry_point_does() -> None:
    assert "plugins" not in INFO


def test_every_module_and_name_in_it_exists_and_is_what_it_is_called() -> None:
    assert {cls.__name__ for cls in classes("operators", BaseOperator)} == {
        "DiscoverOperator",
        "ExtractOperator",
        "TransformOperator",
        "LoadOperator",
        "PruneOperator",
        "VerifyOperator",
    }
    assert [cls.__name__ for cls in classes("triggers", BaseTrigger)] == ["ProcessingTrigger"]
    hooks = {loaded(kind["hook-class-name"]).conn_type for kind in INFO["connection-types"]}
    assert hooks == {"confluence", "twig"}
    assert all(issubclass(loaded(path), BaseOperatorLink) for path in INFO["extra-links"])


def test_airflow_registers_all_of_it_once() -> None:
    manager, runtime = ProvidersManager(), ProvidersManagerTaskRuntime()
    assert set(INFO["extra-links"]) <= set(manager.extra_links_class_names)
    assert set(INFO["notifications"]) <= {str(name) for name in manager.notification}
    assert {"confluence", "twig"} <= set(runtime.hooks)
    assert {"confluence", "twig"} <= set(runtime.asset_to_openlineage_converters)
    assert set(dict(manager.provider_configs)["confluence-to-twig"]["confluence_to_twig"]["options"]) == {
        "sources",
        "staging",
        "staging_group",
    }


@pytest.mark.parametrize(
    ("host", "namespace"),
    [
        ("https://acme.atlassian.net/wiki", "confluence://acme.atlassian.net"),
        ("acme.atlassian.net", "confluence://acme.atlassian.net"),
    ],
)
def test_openlineage_names_a_space_by_its_site(host: str, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ACME", f'{{"conn_type": "confluence", "host": "{host}", "password": "secret"}}')
    dataset = space_to_openlineage(space_asset(conn_id="acme", space_key="~jane:1"), None)
    assert (dataset.namespace, dataset.name) == (namespace, "~jane:1")


def test_openlineage_names_a_space_whose_connection_is_not_known_by_the_connection() -> None:
    dataset = space_to_openlineage(space_asset(conn_id="nowhere", space_key="PROD"), None)
    assert (dataset.namespace, dataset.name) == ("confluence://nowhere", "PROD")


def test_openlineage_names_what_twig_holds_by_the_source() -> None:
    dataset = twig_to_openlineage(twig_asset(source="docs"), None)
    assert (dataset.namespace, dataset.name) == ("twig", "docs")


def test_the_name_that_a_space_had_in_the_first_release_is_still_good() -> None:
    assert space_to_openlineage(former_space_asset("~jane:1"), None) is None  # it would be a second node
    assert Asset(uri="confluence://PROD").uri.rstrip("/") == former_space_asset("PROD").uri.rstrip("/")


@pytest.mark.parametrize("uri", ["confluence:///PROD", "twig://"])
def test_an_asset_that_names_too_little_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match=r"write|Asset"):
        Asset(uri=uri)
