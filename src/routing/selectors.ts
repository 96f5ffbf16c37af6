/** The table of selectors, by the names that the config uses. @module */

import type { SelectorName } from "../config/schema/models.ts";
import type { Selector } from "./selector.ts";
import { selectCost } from "./selectors/cost.ts";
import { selectCostAware } from "./selectors/cost_aware.ts";
import { selectInOrder } from "./selectors/in_order.ts";
import { selectLatency } from "./selectors/latency.ts";
import {
  selectGeoPreferred,
  selectHybrid,
  selectLeastLoaded,
  selectModelSpecific,
} from "./selectors/loaded.ts";
import { selectPerformance } from "./selectors/performance.ts";
import { selectRandom } from "./selectors/random.ts";
import { selectRoundRobin } from "./selectors/round_robin.ts";
import { selectUsage } from "./selectors/usage.ts";
import { selectWeighted } from "./selectors/weighted.ts";

/** Every selector. */
export const SELECTORS: { readonly [Name in SelectorName]: Selector } = {
  random: selectRandom,
  weighted: selectWeighted,
  in_order: selectInOrder,
  round_robin: selectRoundRobin,
  cost: selectCost,
  latency: selectLatency,
  performance: selectPerformance,
  cost_aware: selectCostAware,
  usage: selectUsage,
  least_loaded: selectLeastLoaded,
  geo_preferred: selectGeoPreferred,
  model_specific: selectModelSpecific,
  hybrid: selectHybrid,
};
