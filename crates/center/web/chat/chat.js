// Writes to a queue of this centre from the browser: one WebSocket. `?name=&number=&queue=`
// fill the form. What was sent is kept here until the centre says it back, and is said
// again when the connection was lost; a reload finds the chat by its token.
'use strict'

const query = new URLSearchParams(location.search)
const $ = (id) => document.getElementById(id)
const TOKEN = 'omnibar.chat.token'
const UNSENT = 'omnibar.chat.unsent'
/** Waits between tries to reach the centre, in ms. */
const WAITS = [500, 1000, 2000, 4000, 8000]

const ENDED = {
  agent_hung_up: 'The chat has ended. Thank you for writing.',
  customer_hung_up: 'You have ended the chat. Thank you for writing.',
  abandoned: 'You have left the queue.',
  no_answer: 'Nobody could answer. Please try again later.'
}

let socket = null
let tries = 0
let timer = 0
/** Given up for good, for example because another window has the chat. */
let closed = false
/** Of the chat, as the centre tells it; `none` before it and after it. */
let state = 'none'
let token = read(TOKEN, '')
let last = 0
/** What the centre has not said back: key → text. */
const unsent = new Map(read(UNSENT, []))
/** Elements of own messages: key → element. */
const sending = new Map()
/** The one of them that is on its way: they go one after the other. */
let underWay = null
/** What to do when the way to the centre is open. */
let wish = null

function read(name, otherwise) {
  try {
    return JSON.parse(sessionStorage.getItem(name)) ?? otherwise
  } catch {
    return otherwise
  }
}

function keep(name, value) {
  try {
    sessionStorage.setItem(name, JSON.stringify(value))
  } catch {
    // A browser that keeps nothing loses the chat with a reload only.
  }
}

function socketUrl() {
  const url = new URL('/ws/chat', location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url
}

function reach() {
  clearTimeout(timer)
  const opened = new WebSocket(socketUrl())
  socket = opened
  opened.addEventListener('open', () => {
    if (opened !== socket) return
    underWay = null
    if (token && state !== 'ended') say({ type: 'resume', token, last })
    else if (wish) say(wish)
    else if (query.get('name') || query.get('number')) {
      say({ type: 'hello', name: query.get('name') ?? '', number: query.get('number') })
    }
  })
  opened.addEventListener('message', (event) => {
    if (opened === socket) heard(JSON.parse(event.data))
  })
  opened.addEventListener('close', () => {
    if (opened !== socket) return
    socket = null
    if (closed) return
    if (isTalking()) $('state').textContent = 'Not connected. Trying again …'
    timer = setTimeout(reach, WAITS[Math.min(tries++, WAITS.length - 1)])
  })
}

function say(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
}

function heard(message) {
  switch (message.type) {
    case 'queues':
      tries = 0
      fillQueues(message.queues)
      break
    case 'token':
      token = message.token
      keep(TOKEN, token)
      break
    case 'state':
      changed(message)
      break
    case 'message':
      add(message)
      break
    case 'refused':
      if (message.key) failed(message.key)
      pump()
      fail(message.message)
      $('start').disabled = false
      wish = null
      break
    case 'over':
      forget()
      if (isTalking()) finish('This chat is over.')
      break
    case 'error':
      closed = true
      fail(message.message)
      $('text').disabled = $('send').disabled = $('start').disabled = true
      break
  }
}

/** Sends the oldest message that the centre has not said back. */
function pump() {
  const [oldest] = unsent
  if (!oldest || underWay || !isTalking() || socket?.readyState !== WebSocket.OPEN) return
  const [key, text] = oldest
  underWay = key
  say({ type: 'say', key, text })
}

function isTalking() {
  return state === 'queued' || state === 'ringing' || state === 'open'
}

function changed(told) {
  const was = state
  if (told.state === 'idle') return
  if (!isTalking() && told.state !== 'ended') begin()
  state = told.state
  document.documentElement.dataset.chat = state
  switch (told.state) {
    case 'queued':
      $('who').textContent = 'Chat with us'
      $('state').textContent =
        told.position > 1
          ? `You are number ${told.position} in the queue. You may write already.`
          : 'You are next. You may write already.'
      break
    case 'ringing':
      $('who').textContent = 'Chat with us'
      $('state').textContent = 'Somebody is being asked. You may write already.'
      break
    case 'open':
      $('who').textContent = told.agent || 'Chat with us'
      $('state').textContent = 'Connected'
      break
    case 'ended':
      state = was
      finish(ENDED[told.cause] ?? 'The chat has ended.')
      break
  }
  pump()
}

/** Shows the conversation instead of the form. */
function begin() {
  wish = null
  $('error').hidden = true
  $('welcome').hidden = $('form').hidden = true
  $('over').hidden = true
  $('write').hidden = $('leave').hidden = false
  $('talk').hidden = false
  $('card').classList.add('talking')
  if (last === 0 && $('log').childElementCount > 0 && unsent.size === 0) $('log').replaceChildren()
  $('text').focus()
}

function finish(words) {
  const kept = state
  state = 'ended'
  document.documentElement.dataset.chat = state
  forget()
  if (kept === 'none') return
  for (const key of [...unsent.keys()]) failed(key)
  $('write').hidden = $('leave').hidden = true
  $('state').textContent = 'Ended'
  $('over').hidden = false
  $('ended').textContent = words
  $('ended').focus()
}

/** The chat is over: a reload begins anew. */
function forget() {
  token = ''
  last = 0
  try {
    sessionStorage.removeItem(TOKEN)
    sessionStorage.removeItem(UNSENT)
  } catch {
    // Nothing was kept.
  }
}

function add({ seq, from, text, ago_ms, key }) {
  if (seq <= last) return
  last = seq
  const at = new Date(Date.now() - ago_ms)
  if (key && unsent.delete(key)) keep(UNSENT, [...unsent])
  if (key && key === underWay) {
    underWay = null
    pump()
  }
  const mine = key && sending.get(key)
  sending.delete(key)
  if (mine) {
    mine.classList.remove('sending', 'failed')
    mine.querySelector('.mark').replaceWith(time(at))
    // In the order in which the centre has it, before what is still on its way.
    $('log').insertBefore(mine, $('log').querySelector('.sending'))
  } else if (from === 'notice') {
    const notice = document.createElement('p')
    notice.className = 'notice'
    notice.textContent = text
    $('log').insertBefore(notice, $('log').querySelector('.sending'))
  } else {
    const message = bubble(text, from === 'customer' ? 'mine' : 'theirs')
    message.append(time(at))
    $('log').insertBefore(message, $('log').querySelector('.sending'))
  }
  scroll()
}

function bubble(text, whose) {
  const message = document.createElement('div')
  message.className = `message ${whose}`
  const who = document.createElement('span')
  who.className = 'unseen'
  who.textContent = whose === 'mine' ? 'You: ' : 'Agent: '
  const words = document.createElement('p')
  words.dir = 'auto'
  words.textContent = text
  message.append(who, words)
  return message
}

function time(at) {
  const shown = document.createElement('time')
  shown.dateTime = at.toISOString()
  shown.textContent = at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
  return shown
}

function show(key, text) {
  const message = bubble(text, 'mine')
  message.classList.add('sending')
  const mark = document.createElement('span')
  mark.className = 'mark'
  mark.textContent = 'Sending …'
  message.append(mark)
  sending.set(key, message)
  $('log').append(message)
  scroll()
}

function failed(key) {
  if (key === underWay) underWay = null
  if (unsent.delete(key)) keep(UNSENT, [...unsent])
  const message = sending.get(key)
  if (!message) return
  message.classList.replace('sending', 'failed')
  message.querySelector('.mark').textContent = 'Not sent'
  sending.delete(key)
}

function scroll() {
  $('log').scrollTop = $('log').scrollHeight
}

function fail(message) {
  $('error').textContent = message
  $('error').hidden = false
}

function fillQueues(queues) {
  const list = $('queue')
  const wanted = list.value || query.get('queue')
  list.replaceChildren(...queues.map(({ id, name }) => new Option(name, id, false, id === wanted)))
}

function newKey() {
  // `randomUUID` is there on https and on this machine only.
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function write() {
  const text = $('text').value.trim()
  if (!text || !isTalking()) return
  $('error').hidden = true
  const key = newKey()
  unsent.set(key, text)
  keep(UNSENT, [...unsent])
  show(key, text)
  pump()
  $('text').value = ''
  $('text').focus()
}

$('form').addEventListener('submit', (event) => {
  event.preventDefault()
  if (!$('form').reportValidity()) return
  $('error').hidden = true
  $('start').disabled = true
  state = 'none'
  last = 0
  $('log').replaceChildren()
  wish = {
    type: 'open',
    name: $('name').value.trim(),
    number: $('number').value.trim() || null,
    queue: $('queue').value
  }
  if (socket?.readyState === WebSocket.OPEN) say(wish)
  else reach()
})
$('write').addEventListener('submit', (event) => {
  event.preventDefault()
  write()
})
$('text').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault()
    write()
  }
})
$('leave').addEventListener('click', () => say({ type: 'leave' }))
$('again').addEventListener('click', () => {
  state = 'none'
  document.documentElement.dataset.chat = state
  $('talk').hidden = true
  $('card').classList.remove('talking')
  $('welcome').hidden = $('form').hidden = false
  $('start').disabled = false
  $('name').focus()
})

$('name').value = query.get('name') ?? ''
$('number').value = query.get('number') ?? ''
document.documentElement.dataset.chat = state
for (const [key, text] of unsent) show(key, text)
reach()
