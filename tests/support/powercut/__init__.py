"""A folder that forgets, when the power goes, what was not synced.

``python -m support.powercut FOLDER -- COMMAND`` runs a command for which the folder is a file
system of its own, cuts the power, and leaves in the folder what a disk may then hold.
docs/decisions/0008-power-cut.md tells why it is made like this.
"""
