// What all pages are made of.
function element(tag, content, className) {
  const made = document.createElement(tag);
  made.textContent = content ?? '';
  if (className) made.className = className;
  return made;
}

// A probability as a bar.
function meter(probability) {
  const made = element('span', '', 'meter');
  const bar = element('i', '', probability < 0.5 ? 'unsure' : '');
  bar.style.width = `${100 * probability}%`;
  made.append(bar);
  return made;
}

function percent(probability) { return `${Math.round(100 * probability)}\u00a0%`; }
