import { mount } from 'svelte';
import './app.css';
import Workspace from './workspace/Workspace.svelte';

const target = document.getElementById('app');
if (target) mount(Workspace, { target });
