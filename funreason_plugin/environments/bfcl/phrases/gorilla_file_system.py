"""GorillaFileSystem in English."""

from __future__ import annotations

from funreason_plugin.environments.spec import Phrases

PHRASES = {
    "cat": Phrases(
        ask=(
            "show me what {file_name} says",
            "open {file_name} and read it to me",
            "print the whole of {file_name}",
            "tell me what is written in {file_name}",
        ),
        noun="content of {file_name}",
        tell="It says: {file_content}",
    ),
    "cd": Phrases(
        ask=(
            "go to {folder}",
            "change into {folder}",
            "switch over to {folder}",
            "move to the folder {folder}",
        ),
        tell="We are now in {current_working_directory}.",
    ),
    "cp": Phrases(
        ask=(
            "make a copy of {source} at {destination}",
            "duplicate {source} to {destination}",
            "copy {source} over to {destination}",
        ),
        tell="{result}.",
    ),
    "diff": Phrases(
        ask=(
            "compare {file_name1} with {file_name2}",
            "tell me in which lines {file_name1} and {file_name2} differ",
            "work out what has changed between {file_name1} and {file_name2}",
        ),
        noun="difference between {file_name1} and {file_name2}",
        tell="They differ as follows: {diff_lines}",
    ),
    "du": Phrases(
        ask=(
            "tell me how much space this folder takes up[ (in readable units: {human_readable})]",
            "measure the size of everything in here[ (readable units: {human_readable})]",
            "check how big the current folder is[ (units for humans: {human_readable})]",
        ),
        noun="size of this folder",
        tell="It takes up {disk_usage}.",
    ),
    "echo": Phrases(
        ask=(
            "write {content} into {file_name}",
            "put the text {content} in {file_name}",
            "replace what is in {file_name} by {content}",
        ),
        tell="The text is there.",
    ),
    "find": Phrases(
        ask=(
            "locate everything[ under {path}][ that has {name} in its name]",
            "look for files and folders[ below {path}][ whose name contains {name}]",
            "track down what there is[ under {path}][ with {name} in the name]",
        ),
        noun="item[ under {path}][ with {name} in its name]",
        tell="These match: {matches}.",
    ),
    "grep": Phrases(
        ask=(
            "pick out the lines of {file_name} that contain {pattern}",
            "search {file_name} for {pattern}",
            "show me where {pattern} occurs in {file_name}",
        ),
        noun="line of {file_name} that contains {pattern}",
        tell="The matching lines are: {matching_lines}.",
    ),
    "ls": Phrases(
        ask=(
            "show me what is in this folder[ (hidden items too: {a})]",
            "list everything in the current folder[ (with hidden ones: {a})]",
            "tell me which files and folders are here[ (including hidden ones: {a})]",
        ),
        noun="item in this folder",
        tell="The folder holds {current_directory_content}.",
    ),
    "mkdir": Phrases(
        ask=(
            "make a new folder called {dir_name}",
            "create a folder {dir_name} here",
            "set up a directory named {dir_name}",
        ),
        tell="The folder has been created.",
    ),
    "mv": Phrases(
        ask=(
            "move {source} to {destination}",
            "shift {source} over to {destination}",
            "relocate {source} to {destination}",
        ),
        tell="{result}.",
    ),
    "pwd": Phrases(
        ask=(
            "tell me in which folder we are",
            "give me the path of the current folder",
            "check where we stand in the folder tree",
        ),
        noun="path of the current folder",
        tell="We are in {current_working_directory}.",
    ),
    "rm": Phrases(
        ask=(
            "delete {file_name}",
            "get rid of {file_name}",
            "throw away {file_name}",
        ),
        tell="{result}.",
    ),
    "rmdir": Phrases(
        ask=(
            "remove the empty folder {dir_name}",
            "delete the folder {dir_name}, it is empty",
            "clear away the empty directory {dir_name}",
        ),
        tell="{result}.",
    ),
    "sort": Phrases(
        ask=(
            "put the lines of {file_name} in alphabetical order",
            "show me {file_name} with its lines from A to Z",
            "arrange the lines of {file_name} alphabetically",
        ),
        noun="ordered content of {file_name}",
        tell="In order it reads: {sorted_content}",
    ),
    "tail": Phrases(
        ask=(
            "show me how {file_name} ends[ (the last {lines} lines)]",
            "read me the end of {file_name}[, the last {lines} lines of it]",
            "give me the bottom of {file_name}[, {lines} lines from the end]",
        ),
        noun="end of {file_name}",
        tell="It ends with: {last_lines}",
    ),
    "touch": Phrases(
        ask=(
            "make an empty file called {file_name}",
            "create the file {file_name} here",
            "start a new file {file_name}",
        ),
        tell="The file has been created.",
    ),
    "wc": Phrases(
        ask=(
            "count what is in {file_name}[ in units of {mode}]",
            "tell me how long {file_name} is[ (counted by {mode})]",
            "measure the length of {file_name}[ with {mode} as the unit]",
        ),
        noun="length of {file_name}",
        tell="Its length in {type} is {count}.",
        reports=("count", "type"),
    ),
}
