import { useMemo } from "react";

import { useTrait } from "../bridge/useTrait";
import { figure } from "../graph/format";
import { float32 } from "../training/series";
import { Empty, FailureNote } from "../ui/Notice";
import { TEXT } from "../ui/text";
import { ActivationValues } from "./ActivationValues";
import { Picker, SamplePicture } from "./SamplePicture";
import { useAnswer } from "./useAnswer";

export function Activations({ call, occasion }: { call: string; occasion: unknown }) {
  const [sample] = useTrait("sample_index");
  const shown = useAnswer("sample", { index: sample }, occasion);
  const { answer, failure, asking } = useAnswer("activations", { call, sample }, occasion);
  const values = useMemo(() => (answer?.buffers[0] ? float32(answer.buffers[0]) : new Float32Array(0)), [answer]);
  const found = answer?.result;
  return (
    <div className="kv-activations">
      <div className="kv-row">
        <SamplePicture asked={shown} />
        <Picker count={shown.answer?.result.count ?? null} />
      </div>
      {failure && <FailureNote failure={failure} />}
      {!found && !failure && asking && <Empty>{TEXT.inspect.loading}</Empty>}
      {found && (
        <>
          <p className="kv-facts">
            <code>({found.shape.join(", ")})</code>
            <span>
              {figure(found.low)} … {figure(found.high)}
            </span>
            {found.total > found.count && <span>{TEXT.inspect.shown(found.count, found.total)}</span>}
          </p>
          <ActivationValues found={found} values={values} />
        </>
      )}
    </div>
  );
}
