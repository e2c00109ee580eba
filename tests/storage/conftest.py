"""A fresh store for each test."""

from support.stores import fresh_folder

__all__ = ["fresh_folder"]
