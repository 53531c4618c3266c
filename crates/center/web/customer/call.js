// Calls a queue of this centre from the browser: one WebSocket for words, one
// RTCPeerConnection for voice. `?name=&number=&queue=` fill the form; `?test=1` sends a
// tone instead of the microphone and lets a test look inside (window.omnibarCall).
'use strict'

const query = new URLSearchParams(location.search)
const testing = query.get('test') === '1'
const $ = (id) => document.getElementById(id)

/** The call of now; `null` without one. */
let call = null
let socket = null
/** Settles when `socket` is open, or cannot be. */
let reached = null

const LOST = 'The connection to us was lost. Please call again.'

const ENDED = {
  agent_hung_up: 'We have said goodbye. Thank you for calling.',
  customer_hung_up: 'You have hung up. Thank you for calling.',
  abandoned: 'You have left the queue.',
  no_answer: 'Nobody could take your call. Please try again later.',
  busy: 'The line is busy. Please try again later.',
  unreachable: 'Nobody can be reached there. Please try again later.',
  media_failed: 'Your voice could not reach us. Check your network and call again.',
  switch_lost: 'We lost the call. Please call again.'
}

/** The centre is away. Whoever talks goes on talking: the voice takes another way. */
function adrift() {
  if (call.voiceOver()) finish('The call has ended', LOST)
  else show(call.state, $('state').textContent, 'Your call goes on. Hang up when you have finished.')
}

/** Tells the page's state in words, and a test in one. */
function show(state, words, detail = '') {
  if (call) call.state = state
  $('form').hidden = call !== null
  $('talk').hidden = call === null
  $('over').hidden = true
  if (call) {
    $('state').textContent = words
    $('detail').textContent = detail
  }
}

function fail(message) {
  $('error').textContent = message
  $('error').hidden = false
}

function socketUrl() {
  const url = new URL('/ws/customer', location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return url
}

/**
 * The way to the centre, when it is open: what is said before is lost. What the centre says about
 * its queues fills the list.
 */
function reach() {
  if (!socket) reached = open()
  return reached
}

function open() {
  const opened = new WebSocket(socketUrl())
  opened.addEventListener('message', (event) => {
    if (opened === socket) heard(JSON.parse(event.data))
  })
  opened.addEventListener('close', () => {
    if (opened !== socket) return
    socket = null
    reached = null
    if (call?.since) adrift()
    else if (call) finish('The call has ended', LOST)
  })
  socket = opened
  return new Promise((resolve, reject) => {
    const unreachable = () => reject(new Error('We cannot be reached. Check your network and try again.'))
    opened.addEventListener('open', resolve)
    opened.addEventListener('error', unreachable)
    opened.addEventListener('close', unreachable)
  })
}

function say(message) {
  if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
}

function heard(message) {
  switch (message.type) {
    case 'queues':
      fillQueues(message.queues)
      break
    case 'answer':
      call?.answered(message.sdp)
      break
    case 'candidate':
      call?.candidate(message.candidate)
      break
    case 'state':
      if (call) changed(message)
      break
    case 'error':
      if (call) finish('The call has ended', '')
      fail(message.message)
      break
  }
}

function changed({ state, position, cause }) {
  switch (state) {
    case 'waiting':
    case 'queued':
      show('waiting', 'Waiting for someone', position > 0 ? `You are number ${position} in the queue.` : '')
      break
    case 'ringing':
      show('waiting', 'Waiting for someone', 'It is your turn: a telephone rings.')
      break
    case 'connected':
      call.since ??= Date.now()
      show('connected', 'Connected')
      break
    case 'held':
      show('held', 'On hold', 'Please stay on the line.')
      break
    case 'ended':
      finish('The call has ended', ENDED[cause] ?? 'Thank you for calling.')
      break
  }
}

function fillQueues(queues) {
  const list = $('queue')
  const wanted = list.value || query.get('queue')
  list.replaceChildren(...queues.map(({ id, name }) => new Option(name, id, false, id === wanted)))
}

class Call {
  state = 'starting'
  since = null
  muted = false
  #waiting = []
  #described = false

  constructor(source) {
    this.source = source
    this.pc = new RTCPeerConnection()
    this.track = source.stream.getAudioTracks()[0]
    this.sender = this.pc.addTrack(this.track, source.stream)
    this.pc.addEventListener('icecandidate', ({ candidate }) =>
      say({ type: 'candidate', candidate: candidate ? candidate.candidate : '' })
    )
    this.pc.addEventListener('track', ({ streams, track }) => {
      const stream = streams[0] ?? new MediaStream([track])
      $('voice').srcObject = stream
      this.far = new Ear(source.context, stream)
    })
    this.pc.addEventListener('connectionstatechange', () => {
      if (call !== this || this.pc.connectionState !== 'failed') return
      if (socket) this.restart()
      else finish('The call has ended', LOST)
    })
    this.near = new Ear(source.context, source.stream)
  }

  async offer(options = {}) {
    await this.pc.setLocalDescription(await this.pc.createOffer(options))
    say({ type: 'offer', sdp: this.pc.localDescription.sdp })
  }

  restart() {
    this.#described = false
    this.offer({ iceRestart: true })
  }

  async answered(sdp) {
    await this.pc.setRemoteDescription({ type: 'answer', sdp })
    this.#described = true
    // Without the centre this alone says that the other side has hung up.
    this.sender.transport.onstatechange = () => {
      if (call === this && !socket && this.voiceOver()) finish('The call has ended', 'Thank you for calling.')
    }
    for (const candidate of this.#waiting.splice(0)) await this.#add(candidate)
  }

  voiceOver() {
    return ['closed', 'failed'].includes(this.sender.transport?.state) || this.pc.connectionState === 'failed'
  }

  async candidate(candidate) {
    if (this.#described) await this.#add(candidate)
    else this.#waiting.push(candidate)
  }

  async #add(candidate) {
    // A line that this browser cannot use is no reason to end the call.
    await this.pc.addIceCandidate({ candidate, sdpMLineIndex: 0 }).catch(() => {})
  }

  setMuted(muted) {
    this.muted = muted
    this.track.enabled = !muted
  }

  press(key) {
    if (this.sender.dtmf?.canInsertDTMF) this.sender.dtmf.insertDTMF(key, 120, 60)
  }

  close() {
    this.pc.close()
    $('voice').srcObject = null
    this.source.stop()
  }
}

/** Looks at a stream's sound. */
class Ear {
  constructor(context, stream) {
    this.context = context
    this.analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 })
    context.createMediaStreamSource(stream).connect(this.analyser)
    this.samples = new Float32Array(1024)
    this.bins = new Float32Array(this.analyser.frequencyBinCount)
  }

  /** 0 to 1, even in decibels from -60 dBFS. */
  level() {
    this.analyser.getFloatTimeDomainData(this.samples)
    const power = this.samples.reduce((sum, s) => sum + s * s, 0) / this.samples.length
    return Math.min(1, Math.max(0, (10 * Math.log10(power + 1e-10) + 60) / 60))
  }

  /** dBFS at each of these frequencies in Hz. */
  levels(frequencies) {
    this.analyser.getFloatFrequencyData(this.bins)
    const width = this.context.sampleRate / this.analyser.fftSize
    return frequencies.map((frequency) => {
      const bin = Math.round(frequency / width)
      return Math.max(...this.bins.slice(Math.max(0, bin - 2), bin + 3))
    })
  }
}

async function microphone() {
  const context = new AudioContext()
  await context.resume()
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true }
    })
    return { context, stream, stop: () => (stream.getTracks().forEach((t) => t.stop()), context.close()) }
  } catch (error) {
    context.close()
    throw new Error(
      error.name === 'NotFoundError'
        ? 'No microphone was found. Plug one in and try again.'
        : 'The microphone may not be used. Allow it for this page and try again.'
    )
  }
}

/** A tone instead of a microphone; silent until a test starts it. */
async function tone() {
  const context = new AudioContext()
  await context.resume()
  const oscillator = new OscillatorNode(context, { frequency: 440 })
  const gain = new GainNode(context, { gain: 0 })
  const out = context.createMediaStreamDestination()
  oscillator.connect(gain).connect(out)
  oscillator.start()
  const start = (frequency) => {
    oscillator.frequency.value = frequency
    gain.gain.value = frequency > 0 ? 0.3 : 0
  }
  return { context, stream: out.stream, start, stop: () => context.close() }
}

async function begin() {
  $('error').hidden = true
  $('call').disabled = true
  try {
    const source = await (testing ? tone() : microphone())
    try {
      await reach()
    } catch (error) {
      source.stop()
      throw error
    }
    call = new Call(source)
    show('calling', 'Calling …')
    $('hangup').focus()
    say({
      type: 'call',
      name: $('name').value.trim(),
      number: $('number').value.trim(),
      queue: $('queue').value
    })
    await call.offer()
    requestAnimationFrame(draw)
  } catch (error) {
    call?.close()
    call = null
    fail(error.message)
  } finally {
    $('call').disabled = false
  }
}

function finish(words, reason) {
  if (!call) return
  const over = call
  call = null
  last = 'ended'
  over.close()
  const old = socket
  socket = null
  reached = null
  old?.close()
  $('talk').hidden = true
  $('keypad').hidden = true
  $('keys').setAttribute('aria-expanded', 'false')
  $('mute').setAttribute('aria-pressed', 'false')
  $('over').hidden = false
  $('ended').textContent = words
  $('reason').textContent = reason
  $('ended').focus()
}

/** The state after the last call. */
let last = 'idle'

function draw() {
  if (!call) return
  $('mine').value = call.muted ? 0 : call.near.level()
  $('theirs').value = call.far ? call.far.level() : 0
  if (call.state === 'connected' && socket) {
    const seconds = Math.floor((Date.now() - call.since) / 1000)
    const text = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
    if ($('detail').textContent !== text) $('detail').textContent = text
  }
  requestAnimationFrame(draw)
}

for (const key of '123456789*0#') {
  const button = document.createElement('button')
  button.type = 'button'
  button.textContent = key
  button.setAttribute('aria-label', { '*': 'star', '#': 'hash' }[key] ?? key)
  button.addEventListener('click', () => call?.press(key))
  $('keypad').append(button)
}

$('form').addEventListener('submit', (event) => {
  event.preventDefault()
  if ($('form').reportValidity()) begin()
})
$('mute').addEventListener('click', () => {
  if (!call) return
  call.setMuted(!call.muted)
  $('mute').setAttribute('aria-pressed', String(call.muted))
})
$('keys').addEventListener('click', () => {
  const open = $('keypad').hidden
  $('keypad').hidden = !open
  $('keys').setAttribute('aria-expanded', String(open))
})
$('hangup').addEventListener('click', () => {
  say({ type: 'hangup' })
  finish('The call has ended', ENDED.customer_hung_up)
})
$('again').addEventListener('click', () => {
  $('over').hidden = true
  $('form').hidden = false
  $('call').focus()
})

$('name').value = query.get('name') ?? ''
$('number').value = query.get('number') ?? ''
// Until the centre has told its queues, the one of the address, or the usual one.
const first = query.get('queue') ?? 'support'
$('queue').append(new Option(first.charAt(0).toUpperCase() + first.slice(1), first))
reach().catch((error) => fail(error.message))

if (testing) {
  window.omnibarCall = {
    get pc() {
      return call?.pc ?? null
    },
    get state() {
      return call?.state ?? last
    },
    /** Hz; 0 is silence. */
    startTone: (frequency) => call?.source.start(frequency),
    /** dBFS of what is heard, at each of these Hz. */
    levels: (frequencies) => call?.far?.levels(frequencies) ?? frequencies.map(() => -Infinity),
    digits: (keys) => call?.press(keys)
  }
}
