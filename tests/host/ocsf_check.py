# SPDX-License-Identifier: Apache-2.0
"""What the Open Cybersecurity Schema Framework 1.3.0 asks of the classes that `audit export` writes.

Facts only, put down by hand from the compiled schema of that version (ocsf/ocsf-lib-py, schema_cache/schema-1.3.0.json) and its
source (ocsf/ocsf-schema 1.3.0: events, objects, profiles): names of attributes, which are required, types, values of enumerations.
Attributes that the export does not write, and the recommended and optional ones of objects it never makes, are left out: a name
that is not here is a failure, so whoever adds one looks it up first.
"""

VERSION = "1.3.0"
STATUS = {0: "Unknown", 1: "Success", 2: "Failure", 99: None}
SEVERITY = {0: "Unknown", 1: "Informational", 2: "Low", 3: "Medium", 4: "High", 5: "Critical", 6: "Fatal", 99: None}
# The profile says of 99 that it is not an option.
ACTION = {0: "Unknown", 1: "Allowed", 2: "Denied"}
DISPOSITION = {0: "Unknown", 1: "Allowed", 2: "Blocked", 3: "Quarantined", 5: "Deleted", 8: "Approved", 9: "Restored", 14: "Delayed",
               15: "Detected", 16: "No Action", 17: "Logged", 25: "Rejected", 26: "Unauthorized", 27: "Error", 99: None}
FILE_TYPE = {0: "Unknown", 1: "Regular File", 2: "Folder", 3: "Character Device", 4: "Block Device", 5: "Local Socket", 6: "Named Pipe",
             7: "Symbolic Link", 99: None}
ENDPOINT_TYPE = {0: "Unknown", 1: "Server", 2: "Desktop", 6: "Virtual", 99: None}
KERNEL_TYPE = {0: "Unknown", 1: "Shared Mutex", 2: "System Call", 99: None}
OS_TYPE = {0: "Unknown", 200: "Linux", 99: None}

CATEGORIES = {1: "System Activity", 4: "Network Activity", 6: "Application Activity"}
FILE_ACTIVITY = {0: "Unknown", 1: "Create", 2: "Read", 3: "Update", 4: "Delete", 5: "Rename", 6: "Set Attributes", 7: "Set Security",
                 8: "Get Attributes", 9: "Get Security", 10: "Encrypt", 11: "Decrypt", 12: "Mount", 13: "Unmount", 14: "Open", 99: None}

# An attribute: (type, required). A type is a word of TYPES, the name of an object, or [object]; enumerations name their caption.
BASE = {
    "activity_id": ("integer", True), "activity_name": ("string", False), "category_uid": ("integer", True),
    "category_name": ("string", False), "class_uid": ("integer", True), "class_name": ("string", False), "type_uid": ("long", True),
    "type_name": ("string", False), "time": ("timestamp", True), "timezone_offset": ("integer", False),
    "severity_id": ((SEVERITY, "severity"), True), "severity": ("string", False), "status_id": ((STATUS, "status"), False),
    "status": ("string", False), "status_code": ("string", False), "status_detail": ("string", False), "message": ("string", False),
    "metadata": ("metadata", True), "unmapped": ("any", False), "raw_data": ("string", False), "count": ("integer", False),
    "duration": ("long", False), "start_time": ("timestamp", False), "end_time": ("timestamp", False),
}
HOST = {"device": ("device", False), "actor": ("actor", False)}
SECURITY_CONTROL = {"action_id": ((ACTION, "action"), True), "action": ("string", False),
                    "disposition_id": ((DISPOSITION, "disposition"), False), "disposition": ("string", False)}
PROFILES = {"host": HOST, "security_control": SECURITY_CONTROL}
SYSTEM = {"actor": ("actor", True), "device": ("device", True)}

CLASSES = {
    1001: {"name": "File System Activity", "activities": FILE_ACTIVITY, "profiles": {"host", "security_control"},
           "attributes": {**SYSTEM, "file": ("file", True), "file_result": ("file", False), "component": ("string", False)}},
    1003: {"name": "Kernel Activity", "activities": {0: "Unknown", 1: "Create", 2: "Read", 3: "Delete", 4: "Invoke", 99: None},
           "profiles": {"host", "security_control"}, "attributes": {**SYSTEM, "kernel": ("kernel", True)}},
    1007: {"name": "Process Activity", "profiles": {"host", "security_control"},
           "activities": {0: "Unknown", 1: "Launch", 2: "Terminate", 3: "Open", 4: "Inject", 5: "Set User ID", 99: None},
           "attributes": {**SYSTEM, "process": ("process", True), "exit_code": ("integer", False)}},
    4001: {"name": "Network Activity", "profiles": {"host", "security_control", "network_proxy", "load_balancer"},
           "activities": {0: "Unknown", 1: "Open", 2: "Close", 3: "Reset", 4: "Fail", 5: "Refuse", 6: "Traffic", 99: None},
           "attributes": {"dst_endpoint": ("network_endpoint", True), "src_endpoint": ("network_endpoint", False),
                          "app_name": ("string", False)}},
    6003: {"name": "API Activity", "activities": {0: "Unknown", 1: "Create", 2: "Read", 3: "Update", 4: "Delete", 99: None},
           "profiles": set(), "attributes": {"actor": ("actor", True), "api": ("api", True),
                                             "src_endpoint": ("network_endpoint", True), "dst_endpoint": ("network_endpoint", False)}},
}

ENDPOINT = {"hostname": ("string", False), "name": ("string", False), "uid": ("string", False), "ip": ("ip", False), "os": ("os", False),
            "type": ("string", False), "type_id": ((ENDPOINT_TYPE, "type"), False)}
ENDPOINT_ONE = ("ip", "uid", "name", "hostname", "instance_uid", "interface_uid", "interface_name")
# Attributes, and those of which at least one must be there.
OBJECTS = {
    "metadata": ({"version": ("string", True), "product": ("product", True), "profiles": (["string"], False), "uid": ("string", False),
                  "sequence": ("integer", False), "original_time": ("string", False), "log_name": ("string", False)}, ()),
    "product": ({"name": ("string", False), "uid": ("string", False), "vendor_name": ("string", True), "version": ("string", False)},
                ("name", "uid")),
    "device": ({**ENDPOINT, "type_id": ((ENDPOINT_TYPE, "type"), True)}, ENDPOINT_ONE),
    "network_endpoint": ({**ENDPOINT, "port": ("port", False), "svc_name": ("string", False)}, (*ENDPOINT_ONE, "svc_name")),
    "os": ({"name": ("string", True), "type_id": ((OS_TYPE, "type"), True), "type": ("string", False), "version": ("string", False)}, ()),
    "actor": ({"process": ("process", False), "user": ("user", False), "app_name": ("string", False), "app_uid": ("string", False)},
              ("process", "user", "invoked_by", "session", "app_name", "app_uid")),
    "process": ({"pid": ("integer", False), "uid": ("string", False), "name": ("string", False), "file": ("file", False),
                 "cmd_line": ("string", False), "user": ("user", False)}, ("pid", "uid")),
    "user": ({"name": ("string", False), "uid": ("string", False)}, ("name", "uid")),
    "file": ({"name": ("string", True), "type_id": ((FILE_TYPE, "type"), True), "type": ("string", False), "path": ("string", False)}, ()),
    "kernel": ({"name": ("string", True), "type_id": ((KERNEL_TYPE, "type"), True), "type": ("string", False), "path": ("string", False),
                "system_call": ("string", False)}, ()),
    "api": ({"operation": ("string", True), "version": ("string", False)}, ()),
}
INTEGERS = {"integer": (-2**31, 2**31 - 1), "long": (-2**63, 2**63 - 1), "timestamp": (0, 2**63 - 1), "port": (0, 65535)}


def check_value(where, kind, value, around, wrong):
    if isinstance(kind, list):
        if not isinstance(value, list):
            wrong.append(f"{where} is no list")
            return
        for one in value:
            check_value(where, kind[0], one, around, wrong)
    elif isinstance(kind, tuple):
        values, caption = kind
        if value not in values or isinstance(value, bool):
            wrong.append(f"{where} has no value {value!r}")
        elif values[value] and around.get(caption, values[value]) != values[value]:
            wrong.append(f"{where} is {value}, which is {values[value]!r} and not {around[caption]!r}")
        elif not values[value] and not around.get(caption):
            wrong.append(f"{where} is other than all, and {caption} does not say what")
    elif kind in INTEGERS:
        least, most = INTEGERS[kind]
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            wrong.append(f"{where} is no {kind}: {value!r}")
    elif kind in ("string", "ip"):
        if not isinstance(value, str) or len(value.encode()) > (40 if kind == "ip" else 65535):
            wrong.append(f"{where} is no {kind}: {value!r}")
    elif kind != "any":
        check_object(where, *OBJECTS[kind], value, wrong)


def check_object(where, attributes, one_of, value, wrong):
    if not isinstance(value, dict):
        wrong.append(f"{where} is no object")
        return
    for name, (_, required) in attributes.items():
        if required and name not in value:
            wrong.append(f"{where}.{name} is required")
    if one_of and not any(name in value for name in one_of):
        wrong.append(f"{where} has none of {', '.join(one_of)}")
    for name, inner in value.items():
        if name not in attributes:
            wrong.append(f"{where}.{name} is unknown")
        else:
            check_value(f"{where}.{name}", attributes[name][0], inner, value, wrong)


def check(event):
    """What is wrong with one exported event, in words; [] if nothing is."""
    wrong = []
    one = CLASSES.get(event.get("class_uid"))
    if not one:
        return [f"there is no class {event.get('class_uid')}"]
    attributes = {**BASE, "activity_id": ((one["activities"], "activity_name"), True), **one["attributes"]}
    for name in event.get("metadata", {}).get("profiles", []):
        if name not in one["profiles"]:
            wrong.append(f"the class has no profile {name}")
        else:
            attributes = {**PROFILES[name], **attributes}
    check_object("event", attributes, (), event, wrong)
    for name, wanted in (("class_name", one["name"]), ("category_uid", event["class_uid"] // 1000),
                         ("category_name", CATEGORIES[event["class_uid"] // 1000]),
                         ("type_uid", event["class_uid"] * 100 + event.get("activity_id", 0))):
        if event.get(name, wanted) != wanted:
            wrong.append(f"{name} is {event[name]!r}, not {wanted!r}")
    if event.get("metadata", {}).get("version") != VERSION:
        wrong.append("it is of another version of the schema")
    return wrong
