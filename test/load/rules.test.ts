/** Rules on names, types and scopes: a component that breaks one is refused, wherever in it that is. */
import { accepts, refuses } from "./refusals.ts";

const RESOURCE = '(import "r" (type $r (sub resource)))';

/** In a type, and in a component that nobody instantiates. */
const anywhere = (fields: string): readonly string[] => [
  fields,
  `(type (component ${fields}))`,
  `(component ${fields})`,
];

function member(rule: string, fields: string, message: RegExp): readonly [string, string, RegExp][] {
  return anywhere(fields).map((one, index) => [
    `${rule} (${["itself", "a type", "within"][index] ?? ""})`,
    one,
    message,
  ]);
}

refuses([
  ...member("a constructor without its resource", '(import "[constructor]r" (func))', /no resource type r before it/),
  ...member(
    "a constructor that makes something else",
    `${RESOURCE} (import "[constructor]r" (func (result string)))`,
    /returns no new resource/,
  ),
  ...member(
    "a constructor that may make something else",
    `${RESOURCE} (import "[constructor]r" (func (result (result string (error (own $r))))))`,
    /returns no new resource/,
  ),
  ...member("a method that is no function", `${RESOURCE} (import "[method]r.a" (instance))`, /it is no function/),
  ...member(
    "a method that takes the resource away",
    `${RESOURCE} (import "[method]r.a" (func (param "self" (own $r))))`,
    /does not borrow/,
  ),
  ...member(
    "a method that borrows under another name",
    `${RESOURCE} (import "[method]r.a" (func (param "this" (borrow $r))))`,
    /does not borrow/,
  ),
  ...member("a static function without its resource", '(import "[static]r.a" (func))', /no resource type r/),
  ...member(
    "a method named as a static function",
    `${RESOURCE}
    (import "[static]r.a" (func)) (import "[method]r.a" (func (param "self" (borrow $r))))`,
    /there twice/,
  ),
  ...member(
    "a method named as its resource",
    `${RESOURCE}
    (import "[method]r.r" (func (param "self" (borrow $r))))`,
    /there twice/,
  ),
  ...member("names that differ in case", '(import "a-B" (func)) (import "A-b" (func))', /there twice/),
  [
    "an exported method of a resource that is imported",
    `${RESOURCE} (import "f" (func $f (param "self" (borrow $r)))) (export "[method]r.f" (func $f))`,
    /no resource type r/,
  ],
  [
    "names of a bag that differ in case",
    '(instance $i) (instance (export "a" (instance $i)) (export "A" (instance $i)))',
    /there twice/,
  ],
]);

refuses([
  ["an interface of nested packages", '(import "a:b:c/d" (func))', /no name/],
  ["an interface of nested interfaces", '(import "a:b/c/d" (func))', /no name/],
  ["a package in capitals", '(import "a:B/c" (func))', /no name/],
  ["a version that is empty", '(import "a:b/c@" (func))', /no name/],
  ["a version without a patch", '(import "a:b/c@1.2" (func))', /no name/],
  ["a version with a zero in front", '(import "a:b/c@1.02.3" (func))', /no name/],
  ["a build without a name", '(import "a:b/c@1.2.3+" (func))', /no name/],
  ["an implemented interface that is none", '(import "a" (implements "b") (instance))', /names no interface/],
  [
    "a function that implements an interface",
    '(import "a" (implements "a:b/c") (func))',
    /no instance with a plain name/,
  ],
  [
    "an interface that implements another",
    '(import "a:b/d" (implements "a:b/c") (instance))',
    /no instance with a plain/,
  ],
]);

accepts([
  ["versions", '(import "a:b/c@1.2.3" (func)) (import "a:b/c@0.0.1-rc.1+b.5" (func)) (import "a:b/c@1" (func))'],
  ["acronyms", '(import "a-B2-c3" (func)) (import "x:y-1/Z" (func))'],
  ["a constructor beside its resource", `${RESOURCE} (import "[constructor]r" (func (result (own $r))))`],
  ["what implements an interface", '(import "a" (implements "a:b/c@1.0.0") (instance))'],
]);

const OWN = "(type $r (resource (rep i32)))";

refuses([
  ["a resource type that is defined in a type", `(type (instance ${OWN}))`, /can only be declared/],
  ["resource.new for an imported resource type", `${RESOURCE} (core func (canon resource.new $r))`, /defines itself/],
  ["resource.rep for an imported resource type", `${RESOURCE} (core func (canon resource.rep $r))`, /defines itself/],
  [
    "resource.rep for the resource type of a part",
    `(component $c ${OWN} (export "r" (type $r))) (instance $i (instantiate $c)) (alias export $i "r" (type $t))
     (core func (canon resource.rep $t))`,
    /defines itself/,
  ],
  ["a resource type in a component within", `${OWN} (component (alias outer 1 0 (type $a)))`, /that is within/],
  [
    "a handle in a type in a component within",
    `${OWN} (type (list (own $r))) (component (type (component (alias outer 2 1 (type $a)))))`,
    /that is within/,
  ],
  [
    "a type that mentions a resource type, in a component within",
    `${OWN} (type (component (export "a" (type (eq $r))))) (component (alias outer 1 1 (type $a)))`,
    /that is within/,
  ],
  [
    "a function in a type",
    '(type (component (import "i" (instance $i (export "f" (func)))) (alias export $i "f" (func))))',
    /exports no func/,
  ],
  ["a component in a type", "(component) (type (component (alias outer 1 0 (component))))", /used within a type/],
  [
    "a function type that is none",
    '(type $t (instance)) (type (instance (export "a" (func (type $t)))))',
    /no function type/,
  ],
  [
    "an instance type that is none",
    '(type $t (func)) (type (component (import "a" (instance (type $t)))))',
    /no instance type/,
  ],
  ["a stream of char", "(type (stream char))", /stream of char/],
]);

/** A component that takes a component of one type, and is given another. */
const given = (expected: string, actual: string): string => `
  (component $c (import "c" (component ${expected})))
  (component $a ${actual})
  (instance (instantiate $c (with "c" (component $a))))`;

refuses([
  ["a component that exports less", given('(export "i" (instance))', ""), /"i" is not what is expected: it is missing/],
  ["a component that imports more", given("", '(import "i" (func))'), /without its import "i"/],
  [
    "a component that exports another type",
    given('(export "t" (type (sub resource)))', '(type $t u8) (export "t" (type $t))'),
    /no resource type/,
  ],
  [
    "a component whose resource types are not one",
    given(
      '(export "a" (type $a (sub resource))) (export "b" (type (eq $a)))',
      `(type $a (resource (rep i32))) (type $b (resource (rep i32))) (export "a" (type $a)) (export "b" (type $b))`,
    ),
    /it is another type/,
  ],
]);

accepts([
  [
    "a component that imports less and exports more",
    given('(import "i" (func))', '(instance $e) (export "e" (instance $e))'),
  ],
  [
    "a component whose resource types are more than they need to be",
    given(
      '(export "a" (type (sub resource))) (export "b" (type (sub resource)))',
      `(type $a (resource (rep i32))) (export "a" (type $a)) (export "b" (type $a))`,
    ),
  ],
]);
