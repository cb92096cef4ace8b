"""The public surface is `scoville.__all__`: small, sorted, documented, typed."""

from __future__ import annotations

import importlib.metadata
import importlib.resources
import inspect

import pytest

import scoville

PUBLIC = scoville.__all__


def test_names_are_few_and_sorted() -> None:
    assert list(PUBLIC) == sorted(PUBLIC)
    assert len(PUBLIC) <= 20, "about 15 names are public; what else is needed can be imported from its module"


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_exists(name: str) -> None:
    assert hasattr(scoville, name)


def test_completion_offers_the_public_names_only() -> None:
    assert dir(scoville) == sorted(PUBLIC)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'scores'"):
        scoville.scores  # noqa: B018 - asking is the test


@pytest.mark.parametrize("name", [name for name in PUBLIC if name != "__version__"])
def test_every_public_name_has_a_docstring_of_its_own(name: str) -> None:
    value = getattr(scoville, name)
    assert inspect.getdoc(value)
    if inspect.isclass(value):
        assert value.__doc__, f"{name} shows the docstring of its base class"


@pytest.mark.parametrize("name", [name for name in PUBLIC if inspect.isfunction(getattr(scoville, name))])
def test_every_public_function_is_annotated(name: str) -> None:
    signature = inspect.signature(getattr(scoville, name))
    assert signature.return_annotation is not inspect.Signature.empty
    for parameter in signature.parameters.values():
        assert parameter.annotation is not inspect.Parameter.empty, parameter


def test_type_checkers_are_told_that_types_are_here() -> None:
    assert (importlib.resources.files("scoville") / "py.typed").is_file()


def test_the_version_is_that_of_the_distribution() -> None:
    assert scoville.__version__ == importlib.metadata.version("scoville")
