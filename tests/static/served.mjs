// Components import each other by the names under which they are served; here they lie in folders.

import { register } from "node:module";

const hook = `export const resolve = (name, context, next) => next(name.replace("../whylens.", "../"), context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
