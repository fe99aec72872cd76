// Loads a graph model as an app would and prints {backend: {output: numbers}}; run inside webapp/, whose packages it uses.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

const require = createRequire(path.join(process.cwd(), 'package.json'))
const tf = require('@tensorflow/tfjs-core')
const { loadGraphModel } = require('@tensorflow/tfjs-converter')
require('@tensorflow/tfjs-backend-cpu')
const wasm = require('@tensorflow/tfjs-backend-wasm')

const [entry, pixelsPath, shape] = process.argv.slice(2)
const model = JSON.parse(fs.readFileSync(entry, 'utf8'))
const paths = model.weightsManifest.flatMap((group) => group.paths)
const bytes = Buffer.concat(paths.map((name) => fs.readFileSync(path.join(path.dirname(entry), name))))
const artifacts = {
  format: model.format,
  modelTopology: model.modelTopology,
  signature: model.signature,
  weightSpecs: model.weightsManifest.flatMap((group) => group.weights),
  weightData: new Uint8Array(bytes).buffer,
}
const pixels = new Float32Array(new Uint8Array(fs.readFileSync(pixelsPath)).buffer)
wasm.setWasmPaths(`${path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`)
tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false) // its threads need a browser's workers

const answers = {}
for (const backend of ['cpu', 'wasm']) {
  await tf.setBackend(backend)
  const graph = await loadGraphModel({ load: async () => artifacts })
  const names = Object.keys(model.signature.outputs)
  const outputs = graph.execute(
    { pixels: tf.tensor(pixels, shape.split(',').map(Number)) },
    names.map((name) => model.signature.outputs[name].name),
  )
  const tensors = Array.isArray(outputs) ? outputs : [outputs]
  answers[backend] = Object.fromEntries(names.map((name, index) => [name, Array.from(tensors[index].dataSync())]))
}
process.stdout.write(JSON.stringify(answers))
