// Photos that are dropped or chosen are sent to the server, one a request, and shown with its answers.
function picture(source, description) {
  const image = element('img');
  image.src = source;
  image.alt = description;
  return image;
}

// What the browser cannot show, the server may be able to read.
function preview(file) {
  const image = picture(URL.createObjectURL(file), file.name);
  image.addEventListener('load', () => URL.revokeObjectURL(image.src));
  image.addEventListener('error', () => image.replaceWith(element('div', 'no preview', 'blank')));
  return image;
}

// POSTs each photo to `address`; `answer` makes the elements to show of the reply.
function answerPhotos(address, answer) {
  const drop = document.getElementById('drop');

  async function ask(file, note) {
    try {
      const reply = await fetch(address, {method: 'POST', body: file});
      const body = await reply.json();
      if (!reply.ok) throw new Error(body.error);
      note.replaceWith(...answer(body));
    } catch (error) {
      note.textContent = `${file.name}: ${error.message}`;
      note.className = 'error';
    }
  }

  // The latest on top, those that come together in their order.
  function askAll(files) {
    const articles = [...files].map(file => {
      const article = element('article');
      const note = element('p', 'looking …');
      article.append(preview(file), note);
      ask(file, note);
      return article;
    });
    document.getElementById('results').prepend(...articles);
  }

  document.getElementById('files').addEventListener('change', event => {
    askAll(event.target.files);
    event.target.value = '';  // so that the same can be chosen again
  });
  // All over the page: beside the field, the browser would go to the photo.
  document.addEventListener('dragover', event => { event.preventDefault(); drop.classList.add('over'); });
  document.addEventListener('dragleave', event => {
    if (!event.relatedTarget) drop.classList.remove('over');
  });
  document.addEventListener('drop', event => {
    event.preventDefault();
    drop.classList.remove('over');
    askAll(event.dataTransfer.files);
  });
}
