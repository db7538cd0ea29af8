import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../testing/properties.ts";
import { Roster, type Listed } from "../../src/io/roster.ts";

test("has exactly those who came and have not left, however often they come and leave", () => {
  const step = fc.record({ adds: fc.boolean(), which: fc.nat(9) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const all = Array.from({ length: 10 }, (): Listed => ({ place: -1 }));
      const roster = new Roster<Listed>();
      const model = new Set<Listed>();
      for (const { adds, which } of steps) {
        const member = all[which];
        assert(member);
        if (adds) {
          roster.add(member);
          model.add(member);
        } else {
          roster.delete(member);
          model.delete(member);
        }
        assert.equal(roster.size, model.size);
        assert.deepEqual(new Set(roster.members), model);
        assert.equal(roster.members.length, model.size);
        for (const one of all) assert.equal(one.place >= 0, model.has(one));
      }
    }),
  );
});
