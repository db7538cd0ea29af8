import type { ResourceId } from "../../abi/types.ts";
import type { Sort } from "../decode/definitions.ts";
import type {
  ComponentItem,
  CoreInstanceItem,
  CoreItem,
  CoreTypeItem,
  FuncItem,
  InstanceItem,
  ModuleItem,
} from "./items.ts";
import { Planning } from "./planning.ts";
import { InvalidComponentError } from "../invalid-component.ts";
import type { TypeItem } from "./type-scope.ts";

/** The index spaces of a component, or of a type of one while its declarations are read. */
export class Scope {
  readonly parent: Scope | undefined;
  /** Whether it is that of a component, whose resource types those within must not see. */
  readonly isComponent: boolean;
  /** The same for all scopes of one component and of those in it. */
  readonly planning: Planning;
  readonly types: TypeItem[] = [];
  readonly funcs: FuncItem[] = [];
  readonly instances: InstanceItem[] = [];
  readonly components: ComponentItem[] = [];
  readonly modules: ModuleItem[] = [];
  readonly coreInstances: CoreInstanceItem[] = [];
  readonly coreTypes: CoreTypeItem[] = [];
  readonly coreItems: Readonly<Record<CoreItem["sort"], CoreItem[]>> = {
    "core func": [],
    "core table": [],
    "core memory": [],
    "core global": [],
    "core tag": [],
  };

  constructor(parent: Scope | undefined, isComponent: boolean) {
    this.parent = parent;
    this.isComponent = isComponent;
    this.planning = parent?.planning ?? new Planning();
  }

  type(index: number, offset: number): TypeItem {
    return at(this.types, index, "type", offset);
  }

  resource(index: number, offset: number): ResourceId {
    const item = this.type(index, offset);
    if (item.is !== "resource") throw new InvalidComponentError(`type ${index} is no resource type`, offset);
    return item.id;
  }

  core(sort: CoreItem["sort"], index: number, offset: number): CoreItem {
    return at(this.coreItems[sort], index, sort, offset);
  }

  /** The scope `count` further out. */
  outer(count: number, offset: number): Scope {
    if (count === 0) return this;
    if (this.parent) return this.parent.outer(count - 1, offset);
    throw new InvalidComponentError("there are fewer scopes around this one", offset);
  }

  /** Whether a component ends between this scope and the one `count` further out. */
  leavesComponent(count: number): boolean {
    if (count === 0) return false;
    return this.isComponent || this.parent?.leavesComponent(count - 1) === true;
  }
}

/** @throws {InvalidComponentError} If there are not so many. */
export function at<T>(items: readonly T[], index: number, sort: Sort, offset: number): T {
  const item = items[index];
  if (item === undefined) {
    throw new InvalidComponentError(`there is no ${sort} ${index}: ${items.length} are defined before this`, offset);
  }
  return item;
}
