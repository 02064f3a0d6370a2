// One view for each place of the page: made when the place first appears, told of every run, closed when it goes.

export function mounting(View) {
  const mounted = new WeakMap();
  return ({ parentElement, data, setTriggerValue }) => {
    let view = mounted.get(parentElement);
    if (!view) {
      view = new View(parentElement);
      mounted.set(parentElement, view);
    }
    view.update(data, setTriggerValue);
    return () => {
      view.close();
      view.root.remove(); // the same place may be mounted again
      mounted.delete(parentElement);
    };
  };
}
