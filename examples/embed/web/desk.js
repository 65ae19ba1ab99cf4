// The dashboard listens to what is done in the element, and keeps its own list of it.
const activity = document.getElementById('activity');
const tell = (text) => {
  const item = document.createElement('li');
  item.textContent = text;
  activity?.append(item);
};
document.addEventListener('onbehalf-entered', (e) => tell(`${e.detail.operator} entered`));
document.addEventListener('onbehalf-operation', (e) => tell(`${e.detail.order.kind} of ${e.detail.order.amount} ${e.detail.terms.asset}: ${e.detail.state}`));
document.addEventListener('onbehalf-refused', (e) => tell(`refused: ${e.detail.errors.map((x) => x.code).join(', ')}`));
document.addEventListener('onbehalf-session-ended', () => tell('logged out'));
document.addEventListener('onbehalf-sign-in', (e) => {
  e.preventDefault(); // else the page is loaded again
  location.href = '/';
});
