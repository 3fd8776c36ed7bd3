// What a guess was worth. No page is needed to say so, which is why this stands by itself.

export function isRight(box, said) {
  if (box.kind === "choice") return said === box.right;
  if (box.kind === "number") return Math.abs(said - box.right) <= box.close + 1e-9;
  if (box.kind === "sketch") return nearOnes(box, said) === said.length;
  return null; // a line of her own: only she can tell
}

/** Whether a dot of a sketch lies near the truth; a sketch is right where all of them do. */
export const isNear = (box, value, i) => Math.abs(value - box.right[i]) <= box.close + 1e-9;
export const nearOnes = (box, said) => said.filter((value, i) => isNear(box, value, i)).length;

export function inUnits(box, number) {
  const places = (String(box.step).split(".")[1] ?? "").length;
  const digits = number.toFixed(places).replace("-", "−");
  return box.unit === "%" ? `${digits}%` : `${digits} ${box.unit ?? ""}`.trim();
}

export function inWords(box, said) {
  if (box.kind === "choice") return box.choices[said];
  if (box.kind === "number") return inUnits(box, said);
  if (box.kind === "sketch") return dotByDot(box, said);
  return said;
}

const dotByDot = (box, values) =>
  values.map((value, i) => `${box.dots[i]} ${inUnits(box, value)}`).join(", ");

export function told(box, record) {
  const mine = record.sure ? `You said “${record.text}”, and were ${record.sure}% sure.`
    : `You said “${record.text}”.`;
  if (box.kind === "free") {
    if (record.right === null) return `${mine} Look below, and say whether you were right.`;
    return record.right ? `${mine} You found that you were right.` : `${mine} You found that you were not.`;
  }
  if (box.kind === "choice") {
    return record.right ? `${mine} So it is.` : `${mine} The answer is “${box.choices[box.right]}”.`;
  }
  if (box.kind === "sketch") {
    const near = nearOnes(box, record.said), all = record.said.length;
    const within = inUnits({ ...box, unit: box.unit === "%" ? "points" : box.unit }, box.close);
    const count = near === all ? `All ${all} dots lie` : `${near || "None"} of ${all} dots ${near > 1 ? "lie" : "lies"}`;
    return `${mine} It came out as “${dotByDot(box, box.right)}”. ${count} within ${within}.`;
  }
  const truth = inUnits(box, box.right);
  return `${mine} It came out as ${truth}: ${record.right ? "near enough" : "not near"}.`;
}

// Of the guesses made at one level of confidence, how many were right.
export function calibration(records, levels) {
  const judged = records.filter((one) => one.right === true || one.right === false);
  return levels.map((level) => {
    const mine = judged.filter((one) => one.sure === level);
    return { level, guesses: mine.length, right: mine.filter((one) => one.right).length };
  });
}
