import { Component, h, type ComponentChild, type FunctionComponent, type VNode } from 'preact';

/** A component that is drawn again only if one of its properties is another one, or if `same` says that they differ. */
export function memo<P extends object>(draw: (props: P) => ComponentChild, same: (one: P, other: P) => boolean = shallow): FunctionComponent<P> {
  class Remembered extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      return !same(this.props, next);
    }

    override render(): VNode {
      return h(draw as FunctionComponent<object>, this.props);
    }
  }
  return Remembered as unknown as FunctionComponent<P>;
}

function shallow(one: object, other: object): boolean {
  const [left, right] = [one as Record<string, unknown>, other as Record<string, unknown>];
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  for (const key of keys) if (key !== 'children' && key !== 'ref' && left[key] !== right[key]) return false;
  return true;
}
