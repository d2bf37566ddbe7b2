"""Changes to spaces, people and tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.confluence.loading import label_names, load_space
from sandbox.confluence.lookup import Lookup
from sandbox.confluence.model import Space, Token, User
from sandbox.confluence.site import ALL_SCOPES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.seed import SeedSpace, SeedUser


class SiteControl(Lookup):
    """Methods on the site. ``user`` is an e-mail address or an account id.

    Every method raises ``KeyError`` for a space, user or token that does not exist.
    """

    def add_space(self, seed: SeedSpace) -> str:
        """Add a space with its pages and people. Returns its id."""
        with self.lock:
            for user in seed.users:
                self.add_user(user)
            return str(load_space(self.store, seed).id)

    def _change_space(self, key: str, **fields: object) -> None:
        with self.lock:
            changed: Space = replace(self.space(key), **fields)  # type: ignore[arg-type]
            self.store.put(changed)

    def rename_space_key(self, key: str, alias: str) -> None:
        """People see ``alias`` from now on, in addresses too; the system key stays."""
        self._change_space(key, alias=alias)

    def archive_space(self, key: str) -> None:
        self._change_space(key, status="archived")

    def restore_space(self, key: str) -> None:
        self._change_space(key, status="current")

    def hide_space(self, key: str, viewers: Iterable[str] = (), groups: Iterable[str] = ()) -> None:
        """Only these users, and the members of these groups, may view the space from now on."""
        with self.lock:
            named = tuple(self.user(viewer).account_id for viewer in viewers)
            self._change_space(key, viewers=named, viewer_groups=tuple(groups))

    def show_space(self, key: str) -> None:
        """Everybody may view the space again."""
        self._change_space(key, viewers=None, viewer_groups=())

    def label_space(self, key: str, names: Iterable[str]) -> None:
        """Set the labels of the space itself."""
        with self.lock:
            self._change_space(key, labels=label_names(self.store, names))

    # --------------------------------------------------------- people and tokens

    def add_user(self, seed: SeedUser, *, sees_restricted: bool = False) -> None:
        """Add a person, and the unscoped token that they sign in with. Adding the same person again changes nothing."""
        with self.lock:
            if seed.account_id not in self.store.users:
                service = seed.email.endswith("@serviceaccount.atlassian.com")
                self.store.put(
                    User(
                        seed.account_id,
                        seed.display_name,
                        seed.email,
                        seed.groups,
                        sees_restricted=sees_restricted,
                        account_type="app" if service else "atlassian",
                    )
                )
            if seed.token and seed.token not in self.store.tokens:
                self.store.put(Token(seed.token, seed.account_id))

    def set_user(
        self,
        user: str,
        *,
        product_access: bool | None = None,
        sees_restricted: bool | None = None,
        groups: Iterable[str] | None = None,
    ) -> None:
        """Change what a person may do; what is None stays as it is."""
        with self.lock:
            old = self.user(user)
            self.store.put(
                replace(
                    old,
                    product_access=old.product_access if product_access is None else product_access,
                    sees_restricted=old.sees_restricted if sees_restricted is None else sees_restricted,
                    groups=old.groups if groups is None else tuple(groups),
                )
            )

    def add_token(self, user: str, value: str, *, kind: str = "unscoped", scopes: Iterable[str] = ALL_SCOPES) -> None:
        """Give a user a token of kind "unscoped", "scoped" or "pat"."""
        if kind not in ("unscoped", "scoped", "pat"):
            raise ValueError(f"a token is unscoped, scoped or pat, not {kind!r}")
        with self.lock:
            given = tuple(scopes) if kind == "scoped" else ()
            self.store.put(Token(value, self.user(user).account_id, kind, given))

    def set_scopes(self, token: str, scopes: Iterable[str]) -> None:
        with self.lock:
            self.store.put(replace(self.store.tokens[token], scopes=tuple(scopes)))

    def revoke_token(self, token: str) -> None:
        with self.lock:
            self.store.put(replace(self.store.tokens[token], state="revoked"))

    def expire_token(self, token: str) -> None:
        with self.lock:
            self.store.put(replace(self.store.tokens[token], state="expired"))

    def renew_token(self, token: str) -> None:
        """Make a revoked or expired token valid again."""
        with self.lock:
            self.store.put(replace(self.store.tokens[token], state="active"))

    def replace_token(self, old: str, new: str) -> None:
        """Revoke a token and give its user a new one of the same kind."""
        with self.lock:
            token = self.store.tokens[old]
            self.revoke_token(old)
            self.store.put(replace(token, value=new, state="active"))
