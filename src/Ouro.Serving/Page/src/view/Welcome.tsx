import { send } from '../chat/answer';
import { chat, loadModels, loops, models, modelsError } from '../chat/store';
import { Legend } from '../depth/Legend';
import { step } from '../depth/statistics';

/** Asked of the small built-in model, which knows little else. */
const smallQuestions = ['Sort 52814.', 'What is 3 + 4?', 'Reverse ouro.', 'Tom is taller than Ann. Who is taller, Tom or Ann?', 'Who are you?'];
const questions = ['How many prime numbers are there below 30?', 'Why is the sky blue?', 'Write a haiku about going round in circles.', 'Explain recursion to a child.'];

/** A picture, not a measurement: what an answer can look like by depth, in quarters of the loops. */
const sample: [string, number][] = [['The', 1], [' capital', 1], [' of', 1], [' France', 2], [' is', 1], [' Paris', 4], [',', 2], [' on', 2], [' the', 1], [' Seine', 3], ['.', 1]];

/** What a person finds before the first question. */
export function Welcome() {
  const isSmall = /nano/i.test(chat.value.model);
  return (
    <div class="welcome">
      <h1>Ask, and see how deep it goes</h1>
      <p>
        A looped model passes every token through the same layers several times, and after each loop a small gate judges whether
        the answer is ready. <b>Depth</b> is the number of loops that a token took: easy words are read early, hard ones late.
      </p>
      <div class="sample" aria-hidden="true">
        <span>{sample.map(([text, quarter]) => <span class={`token depth-${step(quarter, 4)}`}>{text}</span>)}</span>
        <Legend loops={loops.value} />
      </div>
      {modelsError.value !== ''
        ? <p class="problem" role="alert">{modelsError.value} <button type="button" class="chip" onClick={() => void loadModels()}>Look again</button></p>
        : <ul class="examples">{(isSmall ? smallQuestions : questions).map(question => (
          <li key={question}><button type="button" class="chip" disabled={models.value.length === 0} onClick={() => send(question)}>{question}</button></li>
        ))}</ul>}
    </div>
  );
}
