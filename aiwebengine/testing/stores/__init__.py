"""The contracts of assets, users, keys, settings and logs as test-case mixins, for every back end."""

from aiwebengine.testing.stores.assets import AssetContract
from aiwebengine.testing.stores.key_values import KeyValueContract
from aiwebengine.testing.stores.logs import LogContract
from aiwebengine.testing.stores.settings import SettingsContract
from aiwebengine.testing.stores.users import UserContract

__all__ = ["AssetContract", "KeyValueContract", "LogContract", "SettingsContract", "UserContract"]
