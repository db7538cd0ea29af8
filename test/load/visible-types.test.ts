/** What imports and exports mention has a name outside, which comes before them. */
import { accepts, refuses } from "./refusals.ts";

const CORE = '(core module $m (func (export "f") (result i32) unreachable)) (core instance $i (instantiate $m))';
const RECORD = '(type $t (record (field "x" u32)))';
const RESOURCE = "(type $t (resource (rep i32)))";
const HIDDEN = /mentions a type that has no name outside/;

/** A function that gives a value of the type. */
const lifted = (type: string): string => `(func $f (result ${type}) (canon lift (core func $i "f")))`;

refuses([
  ...[RECORD, '(type $t (enum "a"))', '(type $t (flags "a"))', '(type $t (variant (case "a")))'].flatMap(
    (type) =>
      [
        [`a function with ${type}`, `${CORE} ${type} ${lifted("$t")} (export "f" (func $f))`, HIDDEN],
        [`an imported function with ${type}`, `${type} (import "f" (func (result $t)))`, HIDDEN],
        [`a list of ${type}`, `${type} (type $l (list $t)) (export "l" (type $l))`, HIDDEN],
      ] as const,
  ),
  ["a resource type", `${CORE} ${RESOURCE} ${lifted("(own $t)")} (export "f" (func $f))`, HIDDEN],
  ["a resource type deep within", `${CORE} ${RESOURCE} ${lifted("(tuple (own $t))")} (export "f" (func $f))`, HIDDEN],
  [
    "what is exported, in an import",
    `${RESOURCE} (export $u "t" (type $t)) (import "f" (func (result (own $u))))`,
    /must be imported before/,
  ],
  [
    "what is exported afterwards",
    `${CORE} ${RESOURCE} ${lifted("(own $t)")} (export "f" (func $f)) (export "t" (type $t))`,
    HIDDEN,
  ],
  [
    "a function in an instance",
    `${CORE} ${RECORD} ${lifted("$t")} (instance $b (export "f" (func $f))) (export "b" (instance $b))`,
    HIDDEN,
  ],
  [
    "a function of an imported instance",
    `(import "i" (instance (type $t (record (field "x" u32))) (export "f" (func (result $t)))))`,
    HIDDEN,
  ],
  ["in the type of a component", `(type (component ${RECORD} (import "f" (func (param "x" $t)))))`, HIDDEN],
  [
    "a name that only the component around has",
    `${RECORD} (import "t" (type $u (eq $t))) (component (import "f" (func (result $u))))`,
    HIDDEN,
  ],
]);

accepts([
  ["types without names", '(import "f" (func (param "x" (tuple u32 (list (option string)))) (result (result u8))))'],
  ["types in types", '(type $t (tuple (list u8) (option string))) (export "t" (type $t))'],
  [
    "a type that is imported, in imports and exports",
    `${CORE} (import "t" (type $t (sub resource))) (import "g" (func (param "x" (own $t)))) ${lifted("(own $t)")}
     (export "f" (func $f))`,
  ],
  [
    "an instance with its types",
    `(import "i" (instance $i (export "t" (type $t (sub resource))) (export "f" (func (result (own $t))))))
     (export "j" (instance $i))`,
  ],
  [
    "the type of an interface in another",
    `(import "i" (instance $i (type $t (record (field "x" u32))) (export "t" (type (eq $t)))))
     (alias export $i "t" (type $t))
     (import "j" (instance (alias outer 1 $t (type $t)) (export "f" (func (param "x" $t)))))`,
  ],
  [
    "a function that a part gives on, with a type that has a name in both",
    `${CORE} ${RECORD} ${lifted("$t")}
     (component $c
       ${RECORD} (import "t" (type $u (eq $t))) (import "f" (func $f (result $u)))
       (export $v "t2" (type $u)) (export "f2" (func $f) (func (result $v))))
     (instance $c (instantiate $c (with "t" (type $t)) (with "f" (func $f))))
     (export "c" (instance $c))`,
  ],
  [
    "an instance type whose types have no names, of which there is no instance",
    `(type (instance ${RECORD} (export "f" (func (param "x" $t)))))`,
  ],
]);
