import { useSession } from "../bridge/context";
import { useStore } from "../bridge/store";
import { Icon } from "../ui/icons";
import { TEXT } from "../ui/text";
import { ProblemCard } from "./ProblemCard";
import { problemsOf, sorted } from "./selectors";

export function ProblemsPanel() {
  const problems = useStore(useSession().shared, problemsOf);
  if (problems.length === 0) {
    return (
      <div className="kv-all-well">
        <Icon name="check" size={22} />
        <b>{TEXT.problems.none}</b>
        <p className="kv-quiet">{TEXT.problems.noneHint}</p>
      </div>
    );
  }
  return (
    <div className="kv-problems">
      {sorted(problems).map((problem) => (
        <ProblemCard key={problem.id} problem={problem} />
      ))}
    </div>
  );
}
