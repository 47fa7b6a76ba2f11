"""Plain functions and plain classes as environments: no base class, no decorator.

    functions:shop.py           the public functions of a module; STATE = ["ORDERS"] names the globals that are its state
    class:inventory.Store       the public methods of a class; its instance attributes are its state

What may stand in the module, or in the class (or in a subclass of it, where the class is not yours):

    TOOLS = ["find", "sell"]    these alone are tools             (otherwise: all that are public)
    WRITES = ["sell"]           these alone change the state      (otherwise: found by trying)
    POLICY = "You sell shoes."  the system prompt
    EQUALITY = {"ORDERS.*.note": "text"}                          as `Environment.equality`
    def scenario(rng): ...      an initial state: values for STATE, or the arguments of the class

`functions` and `classes` make the environments, `signatures` the tools, `trying` finds out which ones write.
"""
